#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "learning/trace.h"
#include "tests/cases.h"

enum { MAGIC_US = 0xa1b2c3d4, MAGIC_NS = 0xa1b23c4d, ETHER = 1, NFLOG = 239 };

struct file {
	uint8_t b[400];
	size_t n;
	bool big;
};

static void
put(struct file *f, uint32_t v, int bytes)
{
	for (int i = 0; i < bytes; i++)
		f->b[f->n++] = (uint8_t)(v >> 8 * (f->big ? bytes - 1 - i : i));
}

/* Three packets of 1, 2 and 3 bytes, each a second and 7 units of its clock later. */
static struct file
pcap_of(uint32_t magic, bool big, uint32_t link)
{
	struct file f = { .big = big };

	put(&f, magic, 4), put(&f, 2, 2), put(&f, 4, 2), put(&f, 0, 4), put(&f, 0, 4);
	put(&f, 65535, 4), put(&f, link, 4);
	for (uint32_t k = 1; k <= 3; k++) {
		put(&f, 1000 + k, 4), put(&f, 7, 4), put(&f, k, 4), put(&f, 60, 4);
		for (uint32_t i = 0; i < k; i++)
			put(&f, 0x40 + i, 1);
	}
	return f;
}

/* The same as pcapng: a section, an interface, three enhanced packets. */
static struct file
pcapng_of(bool big)
{
	struct file f = { .big = big };

	put(&f, 0x0a0d0d0a, 4), put(&f, 28, 4), put(&f, 0x1a2b3c4d, 4), put(&f, 1, 2), put(&f, 0, 2);
	put(&f, 0xffffffff, 4), put(&f, 0xffffffff, 4), put(&f, 28, 4);
	put(&f, 1, 4), put(&f, 20, 4), put(&f, ETHER, 2), put(&f, 0, 2), put(&f, 65535, 4), put(&f, 20, 4);
	for (uint32_t k = 1; k <= 3; k++) {
		uint64_t us = (1000 + k) * UINT64_C(1000000) + 7;

		put(&f, 6, 4), put(&f, 36, 4), put(&f, 0, 4);
		put(&f, (uint32_t)(us >> 32), 4), put(&f, (uint32_t)us, 4), put(&f, k, 4), put(&f, 60, 4);
		for (uint32_t i = 0; i < 4; i++)
			put(&f, 0x40 + i, 1);
		put(&f, 36, 4);
	}
	return f;
}

static char *
temporary(const void *bytes, size_t n, bool gz)
{
	char *path = strdup("/tmp/mynah-trace-XXXXXX");
	int fd = mkstemp(path);

	cr_assert_geq(fd, 0);
	if (gz) {
		gzFile z = gzdopen(fd, "wb");

		cr_assert_eq(gzwrite(z, bytes, (unsigned)n), (int)n);
		gzclose(z);
	} else {
		cr_assert_eq(write(fd, bytes, n), (ssize_t)n);
		close(fd);
	}
	return path;
}

static void
forget(char *path)
{
	unlink(path);
	free(path);
}

static const struct {
	const char *what;
	uint32_t magic;	/* 0: pcapng */
	bool big;
	int64_t fraction_ns;
} formats[] = {
	{ "microseconds, little endian", MAGIC_US, false, 7000 },
	{ "microseconds, big endian", MAGIC_US, true, 7000 },
	{ "nanoseconds, little endian", MAGIC_NS, false, 7 },
	{ "nanoseconds, big endian", MAGIC_NS, true, 7 },
	{ "pcapng, little endian", 0, false, 7000 },
	{ "pcapng, big endian", 0, true, 7000 },
};

EACH_CASE(trace, every_format_reads_the_same_also_gzipped, formats)
{
	struct file f = formats[*i].magic ? pcap_of(formats[*i].magic, formats[*i].big, ETHER) :
	    pcapng_of(formats[*i].big);

	for (int gz = 0; gz < 2; gz++) {
		char *path = temporary(f.b, f.n, gz);
		struct trace_packet p;
		struct diag why;
		struct trace *t;
		unsigned n = 0;

		cr_assert_eq(trace_open(&t, path, &why), 0, "%s", formats[*i].what);
		while (trace_next(t, &p)) {
			n++;
			cr_expect_eq(p.ts_ns, (1000 + n) * INT64_C(1000000000) + formats[*i].fraction_ns,
			    "%s: %lld", formats[*i].what, (long long)p.ts_ns);
			cr_expect(p.data.n == n && p.data.p[n - 1] == 0x40 + n - 1 && p.orig_len == 60);
			cr_expect_eq(p.link, WIRE_ETHER);
		}
		cr_expect_eq(n, 3, "%s", formats[*i].what);
		cr_expect_null(trace_warning(t));
		cr_expect_eq(trace_fraction(t), 1.0);
		trace_close(t);
		forget(path);
	}
}

/* Cut at every byte: what stands before is read, and a warning tells unless the cut is clean. */
EACH_CASE(trace, a_cut_file_yields_what_stands_before_the_cut, formats)
{
	struct file f = formats[*i].magic ? pcap_of(formats[*i].magic, formats[*i].big, ETHER) :
	    pcapng_of(formats[*i].big);
	unsigned last = 0, clean = 0;

	for (size_t n = 1; n <= f.n; n++) {
		char *path = temporary(f.b, n, false);
		struct trace_packet p;
		struct diag why = { "" };
		struct trace *t;

		if (trace_open(&t, path, &why) < 0) {
			cr_expect(strstr(why.text, path) != NULL && last == 0);
		} else {
			unsigned got = 0;

			while (trace_next(t, &p))
				got++;
			cr_expect_geq(got, last);
			last = got;
			clean += trace_warning(t) == NULL;
			cr_expect(trace_warning(t) == NULL || strstr(trace_warning(t), path) != NULL);
			trace_close(t);
		}
		forget(path);
	}
	cr_expect_eq(last, 3);
	cr_expect(clean >= 4 && clean <= 5, "%u", clean);	/* after the header(s) and each packet */
}

Test(trace, a_cut_gzip_says_so)
{
	struct file f = pcap_of(MAGIC_US, false, ETHER);
	char *whole = temporary(f.b, f.n, true), *path;
	uint8_t b[400];
	FILE *in = fopen(whole, "rb");
	size_t n = fread(b, 1, sizeof b, in);
	struct trace_packet p;
	struct trace *t;

	fclose(in);
	path = temporary(b, n - 10, false);
	cr_assert_eq(trace_open(&t, path, NULL), 0);
	while (trace_next(t, &p))
		;
	cr_assert_not_null(trace_warning(t));
	cr_expect_not_null(strstr(trace_warning(t), "gzip"));
	trace_close(t);
	forget(path);
	forget(whole);
}

static void
expect_refused(const char *path, int err, const char *word)
{
	struct diag why = { "" };
	struct trace *t;

	cr_expect_eq(trace_open(&t, path, &why), err, "%s", why.text);
	cr_expect(strstr(why.text, path) != NULL && strstr(why.text, word) != NULL, "%s", why.text);
}

Test(trace, what_is_no_capture_is_refused_in_one_sentence)
{
	struct file nflog = pcap_of(MAGIC_US, false, NFLOG);
	char *empty = temporary("", 0, false), *text = temporary("USER anonymous\r\nPASS x\r\n", 24, false);
	char *odd = temporary(nflog.b, nflog.n, false);

	expect_refused("/nonexistent/x.pcap", -ENOENT, "No such file");
	expect_refused("/", -EISDIR, "directory");
	expect_refused(empty, -ENODATA, "empty");
	expect_refused(text, -EBADMSG, "not a capture");
	expect_refused(odd, -EPROTONOSUPPORT, "NFLOG");
	forget(empty);
	forget(text);
	forget(odd);
}

Test(trace, what_was_written_reads_back_and_appears_only_when_finished)
{
	char dir[] = "/tmp/mynah-trace-XXXXXX", path[64], beside[80];
	struct trace_packet p;
	struct trace_out *out;
	struct diag why;
	struct trace *t;

	cr_assert_not_null(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/out.pcap", dir);
	snprintf(beside, sizeof beside, "%s.tmp", path);
	cr_assert_eq(trace_create(&out, path, &why), 0);
	trace_write(out, 0, span_str("never kept"));
	trace_abandon(out);
	cr_expect(access(path, F_OK) < 0 && access(beside, F_OK) < 0);

	cr_assert_eq(trace_create(&out, path, &why), 0);
	trace_write(out, 5123456789, span_str("abc"));
	cr_expect_lt(access(path, F_OK), 0);
	cr_assert_eq(trace_finish(out, &why), 0);
	cr_expect_lt(access(beside, F_OK), 0);
	cr_assert_eq(trace_open(&t, path, &why), 0);
	cr_assert_eq(trace_next(t, &p), 1);
	cr_expect(p.ts_ns == 5123456000 && span_eq(p.data, span_str("abc")));
	cr_expect_eq(trace_next(t, &p), 0);
	trace_close(t);
	unlink(path);
	rmdir(dir);
	cr_expect_eq(trace_create(&out, "/nonexistent/x.pcap", &why), -ENOENT);
}
