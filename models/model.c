#include "models/model.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "models/image.h"

/* Pages of our own: the file may change under us, and nobody writes into a model by mistake. */
static uint8_t *
pages_create(size_t n)
{
	void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

/* Not of base contents: a model that was learned again may have more of it. */
static uint64_t
schema_of(const struct image *i)
{
	uint64_t h = span_hash(image_bytes(i, i->model->name), 0);

	for (uint32_t k = 0; k < i->h->section[IMAGE_HOSTSET].count; k++) {
		const struct image_hostset *s = &i->hostset[k];
		uint32_t is[3] = { s->is_register, s->scope, s->under };

		h = span_hash(span_of(is, sizeof is), h);
	}
	return h;
}

/* Verifies n bytes at the beginning of pages, which it takes. */
static int
model_wrap(struct model **out, const char *name, uint8_t *pages, size_t n, struct diag *why)
{
	struct model *m = calloc(1, sizeof *m);
	size_t mapped = MAX(n, 1u);
	int err = m == NULL ? -ENOMEM : mprotect(pages, mapped, PROT_READ) < 0 ? -errno : 0;

	if (err < 0) {
		diag_set(why, err, "%s: there is not enough memory to load this model.", name);
		goto fail;
	}
	err = image_verify(&m->i, name, span_of(pages, n), why);
	if (err < 0)
		goto fail;
	if (m->i.h->section[IMAGE_SECOND].bytes > 0) {
		m->second = calloc(1, sizeof *m->second);
		if (m->second == NULL) {
			err = diag_set(why, -ENOMEM, "%s: there is not enough memory to load this model.", name);
			goto fail;
		}
		image_second(&m->second->i, &m->i);
	}
	m->schema = schema_of(&m->i);
	m->bytes = pages;
	m->n = n;
	m->mapped = mapped;
	snprintf(m->version, sizeof m->version, "%016" PRIx64, m->i.h->content);
	*out = m;
	return 0;
fail:
	free(m);
	munmap(pages, mapped);
	return err;
}

int
model_from_bytes(struct model **out, const char *name, struct span image, struct diag *why)
{
	uint8_t *pages = pages_create(MAX(image.n, 1u));

	if (pages == NULL)
		return diag_set(why, -ENOMEM, "%s: there is not enough memory to load this model.",
		    name);
	if (image.n > 0)
		memcpy(pages, image.p, image.n);
	return model_wrap(out, name, pages, image.n, why);
}

static int
read_all(int fd, uint8_t *to, size_t n)
{
	while (n > 0) {
		ssize_t got = read(fd, to, n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			return -EIO;	/* it became shorter while we read */
		to += got;
		n -= (size_t)got;
	}
	return 0;
}

int
model_load(struct model **out, const char *path, struct diag *why)
{
	struct stat st;
	uint8_t *pages;
	int fd = open(path, O_RDONLY | O_CLOEXEC), err;

	if (fd < 0)
		return diag_set(why, -errno, "%s: %s.", path, strerror(errno));
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return diag_set(why, -EINVAL, "%s: a model is a regular file.", path);
	}
	if (st.st_size > IMAGE_BYTES_MAX) {
		close(fd);
		return diag_set(why, -EFBIG, "%s: a model image larger than 1 GiB is refused.", path);
	}
	pages = pages_create(MAX((size_t)st.st_size, 1u));
	if (pages == NULL) {
		close(fd);
		return diag_set(why, -ENOMEM, "%s: there is not enough memory to load this model.",
		    path);
	}
	err = read_all(fd, pages, (size_t)st.st_size);
	close(fd);
	if (err < 0) {
		munmap(pages, MAX((size_t)st.st_size, 1u));
		return diag_set(why, err, "%s: reading it failed: %s.", path, strerror(-err));
	}
	return model_wrap(out, path, pages, (size_t)st.st_size, why);
}

void
model_destroy(struct model *m)
{
	if (m == NULL)
		return;
	munmap(m->bytes, m->mapped);
	free(m->second);
	free(m);
}

struct span
model_name(const struct model *m)
{
	return image_bytes(&m->i, m->i.model->name);
}

uint8_t
model_proto(const struct model *m)
{
	return m->i.model->proto;
}

bool
model_speaks_first(const struct model *m)
{
	unsigned second = MODEL_SECOND_FOR << SECOND_CONNECT | MODEL_SECOND_FOR << SECOND_SILENT;

	return m->i.model->flags & MODEL_SPEAKS_FIRST ||
	    (m->i.model->flags & second && model_speaks_first(m->second));
}

bool
model_stateless(const struct model *m)
{
	return m->i.model->flags & MODEL_STATELESS && m->second == NULL;
}

bool
model_keeps_pair(const struct model *m)
{
	return m->i.model->flags & MODEL_KEEPS_PAIR;
}

bool
model_keeps_own(const struct model *m)
{
	return m->i.model->flags & MODEL_KEEPS_HOST;
}

bool
model_opens(const struct model *m)
{
	return m->i.h->features & IMAGE_NEEDS_RELATED;
}

uint64_t
model_schema(const struct model *m)
{
	return m->schema;
}

uint32_t
model_idle_ms(const struct model *m)
{
	return m->i.model->idle_ms;
}

uint32_t
model_reply_max(const struct model *m)
{
	return MAX(m->i.model->reply_max, m->second != NULL ? m->second->i.model->reply_max : 0);
}

const char *
model_version(const struct model *m)
{
	return m->version;
}

size_t
model_bytes(const struct model *m)
{
	return m->mapped + sizeof *m;
}

size_t
model_automaton(const struct model *m, uint32_t *states, uint32_t *classes)
{
	*states = m->i.h->section[IMAGE_NODE].count;
	*classes = m->i.model->nclasses;
	return m->i.h->section[IMAGE_STEP].bytes + m->i.h->section[IMAGE_CELL].bytes;
}

struct span
model_image(const struct model *m)
{
	return span_of(m->bytes, m->n);
}

int
model_text(const struct model *m, char **to, size_t *n, struct diag *why)
{
	return image_inflate(&m->i, to, n, why);
}
