#include "control/demands.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/priv.h"
#include "control/proto.h"
#include "control/secret.h"
#include "dataplane/iface.h"
#include "dataplane/port.h"
#include "models/beside.h"

static int
check_core(uint32_t cpu, struct diag *why)
{
	cpu_set_t all;

	if (sched_getaffinity(0, sizeof all, &all) == 0 && !(cpu < CPU_SETSIZE && CPU_ISSET(cpu, &all)))
		return diag_set(why, -EINVAL, "cores: there is no CPU %u here that mynahd may run on.", cpu);
	return 0;
}

static int
check_cores(const struct conf_cores *c, struct diag *why)
{
	int err = check_core(c->control, why);

	for (uint32_t i = 0; err == 0 && i < c->workers_count; i++)
		err = check_core(c->workers[i], why);
	return err;
}

/* Can a file be made there? */
static int
check_place(const char *what, const char *path, struct diag *why)
{
	char folder[BESIDE_PATH];
	struct stat st;

	if (beside_folder(folder, path) < 0)
		return diag_set(why, -ENAMETOOLONG, "The name of the %s is too long.", what);
	if (stat(folder, &st) < 0)
		return diag_set(why, -errno, "The %s %s cannot be made: %s; make the folder %s first.", what, path,
		    strerror(errno), folder);
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return diag_set(why, -EISDIR, "The %s %s is a folder.", what, path);
	return 0;
}

/* Can a folder be made there, or is it one already? */
static int
check_folder(const char *what, const char *path, struct diag *why)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return check_place(what, path, why);
	return S_ISDIR(st.st_mode) ? 0 : diag_set(why, -ENOTDIR, "The %s %s is not a folder.", what, path);
}

static int
check_port(const char *device, struct diag *why)
{
	char interface[64];
	int err = port_exists(device, why);

	return err == 0 && port_interface(device, interface, sizeof interface) ? iface_check(interface, why) : err;
}

bool
demands_folder(const struct conf *c)
{
	return strcmp(c->control, CTL_SOCKET) == 0 && access(CTL_FOLDER, F_OK) < 0;
}

int
demands_check(const struct conf *c, struct diag *why)
{
	int err = 0;

	for (uint32_t i = 0; err == 0 && i < c->ports_count; i++)
		err = check_port(c->ports[i].device, why);
	if (err == 0 && c->cores != NULL)
		err = check_cores(c->cores, why);
	if (err == 0)
		err = check_place("control socket", demands_folder(c) ? CTL_FOLDER : c->control, why);
	if (err == 0 && c->records != NULL)
		err = check_place("record file", c->records, why);
	if (err == 0 && c->state != NULL)
		err = check_folder("state folder", c->state, why);
	if (err == 0 && c->spool != NULL)
		err = check_folder("spool folder", c->spool, why);
	if (err == 0 && c->user != NULL)
		err = priv_check(c->user, why);
	if (err == 0)
		err = secret_check(c->key, why);
	return err;
}
