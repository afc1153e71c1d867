#include "control/priv.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

int
priv_check(const char *user, struct diag *why)
{
	if (getpwnam(user) == NULL)
		return diag_set(why, -ENOENT, "There is no user \"%s\".", user);
	return 0;
}

int
priv_drop(const char *user, const char *const *paths, size_t npaths, struct diag *why)
{
	const struct passwd *pw;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return diag_set(why, -errno, "No-new-privileges cannot be set: %s.", strerror(errno));
	if (user == NULL)
		return 0;
	pw = getpwnam(user);
	if (pw == NULL)
		return priv_check(user, why);
	for (size_t i = 0; i < npaths; i++)
		if (paths[i] != NULL && lchown(paths[i], pw->pw_uid, pw->pw_gid) < 0)
			return diag_set(why, -errno, "%s cannot be given to user %s: %s.", paths[i], user,
			    strerror(errno));
	if (initgroups(user, pw->pw_gid) < 0 || setgid(pw->pw_gid) < 0 || setuid(pw->pw_uid) < 0)
		return diag_set(why, -errno, "Cannot become user %s: %s.", user, strerror(errno));
	return 0;
}
