#include "models/compile.h"

#include <errno.h>

#include "tests/cases.h"
#include "tests/model_of.h"

static const char *const models[] = { "ftp-small", "dns-small", "ssh-small", "resync", "words",
	"words-plain" };

/* Those of them that this version can also run. */
static const char *const loadable[] = { "ftp-small", "dns-small", "resync", "words-plain" };

static struct text
text_named(const char *name)
{
	char path[512], *file;
	struct text t;
	struct diag why = { "" };

	snprintf(path, sizeof path, TEST_ROOT "/tests/data/models/%s.txt", name);
	file = file_of(path);
	cr_assert_eq(text_parse(&t, name, span_str(file), &why), 0, "%s", why.text);
	free(file);
	return t;
}

EACH_CASE(compile, one_text_gives_one_image_byte_for_byte, models)
{
	struct text t = text_named(models[*i]);
	struct span a = image_of(&t), b = image_of(&t);

	cr_expect(span_eq(a, b));
	free((void *)a.p);
	free((void *)b.p);
	text_fini(&t);
}

EACH_CASE(compile, the_image_carries_the_canonical_text, loadable)
{
	struct text t = text_named(loadable[*i]);
	struct model *m = model_of_text(&t);
	struct diag why = { "" };
	char *printed, *carried;
	size_t n, ncarried;

	cr_assert_eq(text_print(&t, &printed, &n), 0);
	cr_assert_eq(model_text(m, &carried, &ncarried, &why), 0, "%s", why.text);
	cr_expect(span_eq(span_of(carried, ncarried), span_of(printed, n)));
	free(carried);
	free(printed);
	model_destroy(m);
	text_fini(&t);
}

EACH_CASE(compile, the_report_says_what_the_model_has, loadable)
{
	struct text t = text_named(loadable[*i]);
	struct compile_report r = { 0 };
	struct diag why = { "" };
	uint32_t states, classes;
	struct model *m;
	uint8_t *image;
	size_t n;

	cr_assert_eq(compile(&t, &image, &n, &r, &why), 0, "%s", why.text);
	cr_assert_eq(model_from_bytes(&m, "test", span_of(image, n), &why), 0, "%s", why.text);
	cr_expect_eq(r.image_bytes, n);
	cr_expect_eq(r.automaton_bytes, model_automaton(m, &states, &classes));
	cr_expect_eq(r.automaton_states, states);
	cr_expect_eq(r.byte_classes, classes);
	cr_expect_eq(r.templates_left_out, 0);
	cr_expect(span_eq(model_name(m), t.name));
	cr_expect_eq(model_proto(m), t.proto);
	model_destroy(m);
	free(image);
	text_fini(&t);
}

/* Any difference that the text can tell is a difference of the image. */
Test(compile, another_text_gives_another_version)
{
	struct text t = text_named("ftp-small");
	struct model *a = model_of_text(&t), *b;

	t.reply[0].support++;
	b = model_of_text(&t);
	cr_expect_str_neq(model_version(a), model_version(b));
	model_destroy(a);
	model_destroy(b);
	text_fini(&t);
}

EACH_CASE(compile, other_vectors_change_the_text_only, loadable)
{
	struct text t = text_named(loadable[*i]);
	struct diag why = { "" };
	uint8_t *old, *image, *anew;
	size_t nold, n, nanew;

	cr_assert_eq(compile(&t, &old, &nold, NULL, &why), 0, "%s", why.text);
	t.vector = &(struct text_vector){ .line = (struct span[]){ span_str("one more"), span_str("line") },
		.n = 2 };
	t.nvector = 1;
	cr_assert_eq(compile(&t, &image, &n, NULL, &why), 0, "%s", why.text);
	cr_assert_eq(compile_vectors(&t, span_of(old, nold), &anew, &nanew, &why), 0, "%s", why.text);
	cr_expect(span_eq(span_of(image, n), span_of(anew, nanew)));
	cr_expect_not(span_eq(span_of(image, n), span_of(old, nold)));
	free(old);
	free(image);
	free(anew);
	text_fini(&t);
}

Test(compile, a_text_that_points_outside_itself_is_refused_with_a_sentence)
{
	struct text t = text_named("ftp-small");
	struct diag why = { "" };
	uint8_t *image;
	size_t n;

	t.state[0].turn[0].alt[0].next = t.nstate;
	cr_expect_eq(compile(&t, &image, &n, NULL, &why), -EINVAL);
	cr_expect_neq(why.text[0], '\0');
	text_fini(&t);
}

/* Positions to keep apart multiply over 2,000 bytes that may be any. */
Test(compile, templates_over_the_budget_are_left_out_from_the_end)
{
	enum { N = 24, ROOM = 1 << 16 };
	char *text = calloc(1, ROOM);
	size_t at = (size_t)snprintf(text, ROOM,
	    "mynah-model 1\n"
	    "service \"t\" tcp\n"
	    "channel plain\n"
	    "learner \"hand\" order 1 seed 1\n"
	    "separators \" \"\n"
	    "start 0\n"
	    "eom 0 term \"\\n\" error 0x0p+0\n");
	struct compile_report r = { 0 };
	struct diag why = { "" };
	uint32_t left[2];

	for (unsigned k = 0; k < N; k++) {
		at += (size_t)snprintf(text + at, ROOM - at, "template %u support 1 from hand\n  match",
		    k);
		for (unsigned j = 0; j < N; j++)	/* a or b and any byte, in turns */
			at += (size_t)snprintf(text + at, ROOM - at, j == k ? " any 1" : " \"%c\" any 1",
			    (int)('a' + (j + k) % 2));
		at += (size_t)snprintf(text + at, ROOM - at, " any 2000 \"\\n\"\n");
	}
	at += (size_t)snprintf(text + at, ROOM - at,
	    "state 0 eom 0 support 1 \"any\"\n"
	    "  on connect\n"
	    "    alt weight 1 goto 0 conf 0x1p+0 scope pair from hand\n");
	for (unsigned k = 0; k < 2; k++) {
		struct text t = text_of(text);
		struct model *m;
		uint8_t *image;
		size_t n;

		cr_assert_eq(compile(&t, &image, &n, &r, &why), 0, "%s", why.text);
		left[k] = r.templates_left_out;
		cr_expect_eq(model_from_bytes(&m, "test", span_of(image, n), &why), 0, "%s", why.text);
		model_destroy(m);
		free(image);
		text_fini(&t);
	}
	cr_expect(left[0] > 0 && left[0] < N, "%u of %u left out", left[0], N);
	cr_expect_eq(left[0], left[1]);
	free(text);
}
