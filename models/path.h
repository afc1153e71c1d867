#pragma once
/*
 * path.h - names below names: what registers and sets of a host hold. docs/model-format.md section 5.
 *
 * A path is "/" or "/a/b": components, none empty, "." or "..". Pure; bounded by PATH_BYTES.
 */
#include "models/bytes.h"

enum { PATH_BYTES = 62 };

/*
 * The path that name means below base: absolute if it begins with "/", else from there; "." and ".."
 * as everywhere. base may be empty, which is "/". Returns its bytes, 0: it would have more than PATH_BYTES.
 */
size_t	path_join(uint8_t to[PATH_BYTES], struct span base, struct span name);
/* The path without its last component. */
struct span path_parent(struct span path);
/* Is path directly below dir? */
bool	path_is_child(struct span path, struct span dir);
