#include "models/path.h"

/* Appends a component, or takes one off; false: no room. */
static bool
step(uint8_t *to, size_t *n, struct span part)
{
	if (part.n == 0 || span_eq(part, span_str(".")))
		return true;
	if (span_eq(part, span_str(".."))) {
		while (*n > 0 && to[--*n] != '/')
			;
		return true;
	}
	if (*n + 1 + part.n > PATH_BYTES)
		return false;
	to[(*n)++] = '/';
	memcpy(to + *n, part.p, part.n);
	*n += part.n;
	return true;
}

static bool
walk(uint8_t *to, size_t *n, struct span path)
{
	size_t at = 0;

	while (at < path.n) {
		size_t end = at;

		while (end < path.n && path.p[end] != '/')
			end++;
		if (!step(to, n, span_sub(path, at, end - at)))
			return false;
		at = end + 1;
	}
	return true;
}

size_t
path_join(uint8_t to[PATH_BYTES], struct span base, struct span name)
{
	size_t n = 0;

	if ((name.n == 0 || name.p[0] != '/') && !walk(to, &n, base))
		return 0;
	if (!walk(to, &n, name))
		return 0;
	if (n == 0)
		to[n++] = '/';
	return n;
}

struct span
path_parent(struct span path)
{
	size_t n = path.n;

	while (n > 0 && path.p[n - 1] != '/')
		n--;
	return span_sub(path, 0, n > 1 ? n - 1 : n);
}

bool
path_is_child(struct span path, struct span dir)
{
	return path.n > 1 && span_eq(path_parent(path), dir);
}
