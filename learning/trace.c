#include "learning/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "models/beside.h"

enum { READ_BYTES = 1 << 16, SNAP_BYTES = 1 << 18, NS_PER_S = 1000000000 };

struct trace {
	pcap_t *pcap;		/* owns the stream, which owns gz */
	gzFile gz;
	enum wire_link link;
	off_t size;
	uint64_t packets;
	bool gz_broken;
	char *path;
	struct diag warning;
};

static ssize_t
cookie_read(void *cookie, char *to, size_t n)
{
	struct trace *t = cookie;
	int got = gzread(t->gz, to, (unsigned)MIN(n, (size_t)READ_BYTES)), err;

	if (got > 0)
		return got;
	gzerror(t->gz, &err);	/* a cut gzip ends without an error of gzread() itself */
	t->gz_broken = got < 0 || err == Z_BUF_ERROR;
	return 0;		/* what was unpacked before still counts */
}

static int
cookie_close(void *cookie)
{
	struct trace *t = cookie;

	return gzclose(t->gz) == Z_OK ? 0 : EOF;
}

/* -1 for a link type wire cannot parse. */
static int
link_of(int dlt)
{
	switch (dlt) {
	case DLT_EN10MB:
		return WIRE_ETHER;
	case DLT_LINUX_SLL:
		return WIRE_SLL;
	case DLT_LINUX_SLL2:
		return WIRE_SLL2;
	case DLT_NULL:
	case DLT_LOOP:
		return WIRE_NULL;
	case DLT_RAW:
	case DLT_IPV4:
	case DLT_IPV6:
		return WIRE_RAW_IP;
	}
	return -1;
}

/* Opens the bytes: gzread() passes through what is not gzipped. */
static int
open_bytes(struct trace *t, FILE **stream, struct diag *why)
{
	static const cookie_io_functions_t io = { .read = cookie_read, .close = cookie_close };
	int fd = open(t->path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	int err;

	if (fd < 0)
		return diag_set(why, -errno, "%s: cannot be opened: %s.", t->path, strerror(errno));
	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
		err = diag_set(why, -EISDIR, "%s: is a directory, not a capture file.", t->path);
		goto close_fd;
	}
	t->size = S_ISREG(st.st_mode) ? st.st_size : 0;
	if (S_ISREG(st.st_mode) && st.st_size == 0) {
		err = diag_set(why, -ENODATA, "%s: is empty (0 bytes), not a capture file.", t->path);
		goto close_fd;
	}
	t->gz = gzdopen(fd, "rb");
	if (t->gz == NULL) {
		err = diag_set(why, -ENOMEM, "%s: there is no memory to read it.", t->path);
		goto close_fd;
	}
	gzbuffer(t->gz, READ_BYTES);
	*stream = fopencookie(t, "rb", io);
	if (*stream == NULL) {
		gzclose(t->gz);
		return diag_set(why, -ENOMEM, "%s: there is no memory to read it.", t->path);
	}
	setvbuf(*stream, NULL, _IOFBF, READ_BYTES);
	return 0;

close_fd:
	close(fd);
	return err;
}

static int
open_pcap(struct trace *t, struct diag *why)
{
	char text[PCAP_ERRBUF_SIZE];
	FILE *stream;
	int err = open_bytes(t, &stream, why), dlt, link;
	const char *name;

	if (err < 0)
		return err;
	t->pcap = pcap_fopen_offline_with_tstamp_precision(stream, PCAP_TSTAMP_PRECISION_NANO, text);
	if (t->pcap == NULL) {
		fclose(stream);
		return diag_set(why, -EBADMSG, "%s: is not a capture that can be read (%s); "
		    "pcap and pcapng files are, also gzipped.", t->path, text);
	}
	dlt = pcap_datalink(t->pcap);
	link = link_of(dlt);
	if (link >= 0) {
		t->link = (enum wire_link)link;
		return 0;
	}
	name = pcap_datalink_val_to_name(dlt);
	err = diag_set(why, -EPROTONOSUPPORT, "%s: the link type %s (%d) is not supported; Ethernet, "
	    "Linux cooked, BSD loopback and raw IP are.", t->path, name ? name : "unknown", dlt);
	pcap_close(t->pcap);
	return err;
}

int
trace_open(struct trace **out, const char *path, struct diag *why)
{
	struct trace *t = calloc(1, sizeof *t);
	int err;

	if (t == NULL || (t->path = strdup(path)) == NULL) {
		free(t);
		return diag_set(why, -ENOMEM, "%s: there is no memory to read it.", path);
	}
	err = open_pcap(t, why);
	if (err < 0) {
		free(t->path);
		free(t);
		return err;
	}
	*out = t;
	return 0;
}

static void
warn(struct trace *t, const char *reason)
{
	diag_set(&t->warning, 0, "%s: breaks off after packet %llu (%s); the packets before are used.",
	    t->path, (unsigned long long)t->packets, reason);
}

int
trace_next(struct trace *t, struct trace_packet *p)
{
	struct pcap_pkthdr *h;
	const uint8_t *bytes;
	int got;

	if (t->warning.text[0] != '\0')
		return 0;
	got = pcap_next_ex(t->pcap, &h, &bytes);
	if (got == 1) {
		t->packets++;
		p->ts_ns = (int64_t)((uint64_t)h->ts.tv_sec * NS_PER_S + (uint64_t)h->ts.tv_usec);
		p->link = t->link;
		p->data = span_of(bytes, h->caplen);
		p->orig_len = h->len;
		return 1;
	}
	if (t->gz_broken)
		warn(t, "its gzip is cut or damaged");
	else if (got == PCAP_ERROR)
		warn(t, pcap_geterr(t->pcap));
	return 0;
}

const char *
trace_warning(const struct trace *t)
{
	return t->warning.text[0] != '\0' ? t->warning.text : NULL;
}

double
trace_fraction(const struct trace *t)
{
	off_t at = t->size > 0 ? gzoffset(t->gz) : 0;

	return at <= 0 ? 0 : at >= t->size ? 1 : (double)at / (double)t->size;
}

void
trace_close(struct trace *t)
{
	if (t == NULL)
		return;
	pcap_close(t->pcap);
	free(t->path);
	free(t);
}

struct trace_out {
	pcap_t *pcap;
	pcap_dumper_t *dump;
	char *path, beside[BESIDE_PATH];
};

static void
free_out(struct trace_out *t)
{
	if (t->pcap != NULL)
		pcap_close(t->pcap);
	free(t->path);
	free(t);
}

static struct trace_out *
new_out(const char *path)
{
	struct trace_out *t = calloc(1, sizeof *t);

	if (t == NULL)
		return NULL;
	t->path = strdup(path);
	t->pcap = pcap_open_dead(DLT_EN10MB, SNAP_BYTES);
	if (t->path == NULL || t->pcap == NULL) {
		free_out(t);
		return NULL;
	}
	return t;
}

int
trace_create(struct trace_out **out, const char *path, struct diag *why)
{
	struct trace_out *t = new_out(path);
	FILE *stream;
	int err, fd;

	if (t == NULL)
		return diag_set(why, -ENOMEM, "%s: there is no memory to write it.", path);
	fd = beside_open(t->beside, path, 0666);
	stream = fd < 0 ? NULL : fdopen(fd, "wb");
	if (stream == NULL) {
		err = fd < 0 ? fd : -errno;
		diag_set(why, err, "%s: cannot be written: %s.", path, strerror(-err));
		goto free_t;
	}
	t->dump = pcap_dump_fopen(t->pcap, stream);
	if (t->dump == NULL) {
		err = diag_set(why, -EIO, "%s: cannot be written: %s.", path, pcap_geterr(t->pcap));
		beside_place_stream(stream, err, t->beside, path);
		goto free_t;
	}
	*out = t;
	return 0;

free_t:
	free_out(t);
	return err;
}

void
trace_write(struct trace_out *t, int64_t ts_ns, struct span frame)
{
	struct pcap_pkthdr h = { .caplen = (uint32_t)frame.n, .len = (uint32_t)frame.n };

	h.ts.tv_sec = ts_ns / NS_PER_S;
	h.ts.tv_usec = ts_ns % NS_PER_S / 1000;
	pcap_dump((uint8_t *)t->dump, &h, frame.p);
}

int
trace_finish(struct trace_out *t, struct diag *why)
{
	int fd = dup(fileno(pcap_dump_file(t->dump)));
	int err = fd < 0 || pcap_dump_flush(t->dump) < 0 ? -errno : 0;

	pcap_dump_close(t->dump);
	err = beside_place(fd, err, t->beside, t->path);
	if (err < 0)
		diag_set(why, err, "%s: could not be written: %s.", t->path, strerror(-err));
	free_out(t);
	return err;
}

void
trace_abandon(struct trace_out *t)
{
	if (t == NULL)
		return;
	pcap_dump_close(t->dump);
	unlink(t->beside);
	free_out(t);
}
