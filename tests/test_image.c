#include <criterion/criterion.h>
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "models/image.h"
#include "models/image_save.h"
#include "tests/model_of.h"

static struct span
small_image(void)
{
	char *text = file_of(TEST_ROOT "/tests/data/models/ftp-small.txt");
	struct text t = text_of(text);
	struct span image = image_of(&t);

	text_fini(&t);
	free(text);
	return image;
}

static int
verify(struct span s, struct diag *why)
{
	struct image i;

	return image_verify(&i, "m.mynah", s, why);
}

Test(image, every_single_bit_counts)
{
	struct span image = small_image();
	uint8_t *p = malloc(image.n);

	memcpy(p, image.p, image.n);
	cr_assert_eq(verify(span_of(p, image.n), NULL), 0);
	for (size_t i = 0; i < image.n * 8; i++) {
		p[i / 8] ^= (uint8_t)(1u << i % 8);
		cr_expect_lt(verify(span_of(p, image.n), NULL), 0, "bit %zu", i);
		p[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	cr_assert_eq(verify(span_of(p, image.n), NULL), 0);
	free(p);
	free((void *)image.p);
}

Test(image, is_refused_when_it_ends_anywhere_else)
{
	struct span image = small_image();
	uint8_t *p = calloc(1, image.n + 8);

	memcpy(p, image.p, image.n);
	for (size_t n = 0; n < image.n; n++)
		cr_expect_lt(verify(span_of(p, n), NULL), 0, "%zu bytes", n);
	cr_expect_lt(verify(span_of(p, image.n + 1), NULL), 0);
	cr_expect_lt(verify(span_of(p, image.n + 8), NULL), 0);
	free(p);
	free((void *)image.p);
}

Test(image, says_in_a_sentence_of_its_own_what_it_is_not)
{
	struct span image = small_image();
	uint8_t *p = (uint8_t *)image.p;
	struct image_header *h = (struct image_header *)p;
	struct diag why = { "" };

	h->version++;
	cr_expect_eq(verify(image, &why), -EPROTONOSUPPORT);
	cr_expect_str_eq(why.text, "m.mynah: this model image has version 4, this program reads version "
	    "3; make it again with mynah learn, or from its text.");
	h->version--;
	p[0] = 'X';
	cr_expect_eq(verify(image, &why), -ENOEXEC);
	cr_expect_str_eq(why.text, "m.mynah: this is not a mynah model image.");
	p[0] = 'M';
	p[image.n - 1] ^= 1;
	cr_expect_eq(verify(image, &why), -EBADMSG);
	cr_expect_not_null(strstr(why.text, "damaged (the checksum of section text does not fit)"), "%s",
	    why.text);
	p[image.n - 1] ^= 1;
	h->features = 1 << 7;
	image_sum(p);
	cr_expect_eq(verify(image, &why), -EBADMSG);
	free(p);
}

static void
expect_refused(const char *text, const char *sentence)
{
	struct text t = text_of(text);
	struct span image = image_of(&t);
	struct diag why = { "" };
	struct model *m;

	cr_expect_eq(model_from_bytes(&m, "m.mynah", image, &why), -EOPNOTSUPP);
	cr_expect_str_eq(why.text, sentence);
	free((void *)image.p);
	text_fini(&t);
}

#define HEAD "mynah-model 1\nservice \"x\" tcp\n"
#define TAIL "learner \"hand\" order 1 seed 1\nstart 0\n"

Test(image, that_needs_what_is_not_executed_yet_is_refused_with_a_sentence)
{
	expect_refused(HEAD "channel tls\n" TAIL "state 0 support 1 \"s\"\n",
	    "m.mynah: this model speaks inside another channel than plain, which this version does not "
	    "do yet.");
}

Test(image, is_saved_beside_and_renamed)
{
	struct span image = small_image();
	struct diag why = { "" };
	char dir[] = "/tmp/mynah-image-XXXXXX", path[64], beside[80];
	struct model *m;
	struct stat st;

	cr_assert_not_null(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/m.mynah", dir);
	snprintf(beside, sizeof beside, "%s.tmp", path);
	cr_expect_eq(image_save(path, image, &why), 0, "%s", why.text);
	cr_expect_eq(image_save(path, image, &why), 0, "%s", why.text);
	cr_expect_lt(stat(beside, &st), 0);
	cr_assert_eq(model_load(&m, path, &why), 0, "%s", why.text);
	cr_expect(span_eq(model_image(m), image));
	model_destroy(m);
	cr_expect_eq(truncate(path, 100), 0);
	cr_expect_eq(model_load(&m, path, &why), -EBADMSG);
	cr_expect_not_null(strstr(why.text, path), "%s", why.text);
	unlink(path);
	cr_expect_eq(model_load(&m, path, &why), -ENOENT);
	cr_expect_eq(model_load(&m, dir, &why), -EINVAL);
	cr_expect_eq(symlink("/etc/passwd", path), 0);
	cr_expect_eq(image_may_save(path, &why), -EEXIST, "what is no model is not replaced");
	cr_expect_eq(image_save(path, image, &why), -EEXIST);
	unlink(path);
	cr_expect_eq(image_may_save(path, &why), 0, "%s", why.text);
	cr_expect_lt(stat(path, &st), 0, "asking changes nothing");
	cr_expect_lt(stat(beside, &st), 0);
	rmdir(dir);
	cr_expect_lt(image_save(path, image, &why), 0);
	cr_expect_not_null(strstr(why.text, path), "%s", why.text);
	free((void *)image.p);
}

/* An image with a second machine in which one byte of that is another. */
Test(image, of_a_second_machine_is_checked_like_the_first)
{
	char *text = file_of(TEST_ROOT "/tests/data/models/two-machines.txt");
	struct text t = text_of(text);
	struct span image = image_of(&t);
	uint8_t *p = (uint8_t *)image.p;
	const struct image_extent *second = &((const struct image_header *)p)->section[IMAGE_SECOND];
	struct image_header *inner = (struct image_header *)(p + second->at);
	struct image_model *m = (struct image_model *)(p + second->at + inner->section[IMAGE_MODEL].at);

	cr_assert_eq(verify(image, NULL), 0);
	m->start = 77;
	image_sum(p + second->at);
	image_sum(p);
	cr_expect_eq(verify(image, NULL), -EBADMSG, "a start that is not there");
	m->start = 0;
	m->flags &= (uint8_t)~MODEL_SECOND;
	image_sum(p + second->at);
	image_sum(p);
	cr_expect_eq(verify(image, NULL), -EBADMSG, "it does not say that it is one");
	text_fini(&t);
	free(text);
	free(p);
}
