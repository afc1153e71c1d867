/* docs/stack.md: its table of states by kinds of segment, cell by cell. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/cases.h"
#include "tests/conv.h"
#include "tests/file.h"

#define PAGE TEST_ROOT "/docs/stack.md"

#define SHAKE                                                                                   \
	"+0 > S seq 0 win 65535 <mss 1460>\n"                                                   \
	"+0 < S. seq 0 ack 1\n"
#define TALK SHAKE                                                                              \
	"+1ms > . seq 1 ack 1\n"                                                                \
	"+1ms > P. seq 1 ack 1 payload \"GET\\r\\n\"\n"                                         \
	"+0 < P. seq 1 ack 6 payload \"ok\\r\\n\"\n"                                            \
	"+1ms > . seq 6 ack 5\n"
#define WE_CLOSE TALK                                                                           \
	"+1ms > P. seq 6 ack 5 payload \"BYE\\r\\n\"\n"                                         \
	"+0 < FP. seq 5 ack 11 payload \"bye\\r\\n\"\n"

/* How a conversation comes into each state; what the client says next, has acknowledged, was sent. */
static const struct {
	const char *name, *set, *until;
	unsigned seq, ack, sent;
	bool fin, lives;	/* the client's FIN came; there is a conversation */
} states[] = {
	{ "LISTEN", "model talk-small", "", 1, 1, 1, false, false },
	{ "SYN-RECEIVED", "model talk-small", SHAKE, 1, 1, 1, false, false },
	{ "ESTABLISHED", "model talk-small", TALK, 6, 5, 5, false, true },
	{ "FIN-WAIT-1", "model talk-small", WE_CLOSE, 11, 5, 11, false, true },
	{ "FIN-WAIT-2", "model talk-small", WE_CLOSE "+1ms > . seq 11 ack 11\n", 11, 11, 11, false, true },
	{ "CLOSE-WAIT", "model talk-small", TALK
	    "+1ms > P. seq 6 ack 5 win 0 payload \"GET\\r\\n\"\n+0 < . seq 5 ack 11\n"
	    "+1ms > F. seq 11 ack 5 win 0\n+0 < . seq 5 ack 12\n", 12, 5, 5, true, true },
	{ "CLOSING", "model talk-small", WE_CLOSE
	    "+1ms > F. seq 11 ack 10\n+0 < . seq 11 ack 12\n", 12, 10, 11, true, true },
	{ "LAST-ACK", "model talk-small", TALK
	    "+1ms > FP. seq 6 ack 5 payload \"GET\\r\\n\"\n+0 < FP. seq 5 ack 12 payload \"ok*\"\n", 12, 5, 19, true, true },
	{ "TIME-WAIT", "model talk-small", WE_CLOSE "+1ms > . seq 11 ack 11\n"
	    "+1ms > F. seq 11 ack 11\n+0 < . seq 11 ack 12\n", 12, 11, 11, true, false },
	{ "CLOSED", "action reset", "", 1, 1, 1, false, false },
};

enum { FAR = 100000, NEAR = 10, SENT = 5000 };

static const struct {
	const char *name, *flags;
	int seq, ack;		/* beyond what comes next, and what was acknowledged; SENT: all that was sent */
	const char *rest;
} segments[] = {
	{ "SYN", "S", NEAR, 0, "" },
	{ "SYN-ACK", "S.", NEAR, 0, "" },
	{ "RST, exact", "R", 0, 0, "" },
	{ "RST in the window", "R", NEAR, 0, "" },
	{ "RST outside", "R", FAR, 0, "" },
	{ "ACK, nothing new", ".", 0, 0, "" },
	{ "ACK of everything", ".", 0, SENT, "" },
	{ "ACK of the unsent", ".", 0, SENT + 4000, "" },
	{ "data", "P.", 0, 0, "payload \"GET\\r\\n\"" },
	{ "data, old", "P.", -5, 0, "payload \"GET\\r\\n\"" },
	{ "data beyond the window", "P.", FAR, 0, "payload \"GET\\r\\n\"" },
	{ "FIN", "F.", 0, 0, "" },
	{ "no flags", "-", 0, 0, "" },
};

/* What a word of a cell is on the wire. */
static const struct {
	const char *word, *line;
} answers[] = {
	{ "-", "+0 quiet" },
	{ "ACK", "+0 < ." },
	{ "RST", "+0 < R" },
	{ "RST+ACK", "+0 < R." },
	{ "SYN-ACK", "+0 < S." },
	{ "FIN", "+0 < F." },
	{ "data", "+0 < P. payload \"*\"" },
	{ "data+FIN", "+0 < FP. payload \"*\"" },
};

/* The column of row in the table, without blanks around it; the table's first row names the states. */
static void
cell(const char *row, unsigned column, char *to, size_t room)
{
	static const char *page;
	char start[64];
	const char *at;
	size_t n;

	if (page == NULL)
		page = (const char *)file_bytes(PAGE).p;
	snprintf(start, sizeof start, "\n| %s |", row);
	at = strstr(page, start);
	cr_assert_not_null(at, "docs/stack.md has no row \"%s\"", row);
	for (at++; column > 0; column--)
		at += strcspn(at + 1, "|\n") + 1;
	n = strcspn(at += 2, "|\n");
	while (n > 0 && at[n - 1] == ' ')
		n--;
	cr_assert_lt(n, room);
	snprintf(to, room, "%.*s", (int)n, at);
}

/* The cell as lines of a conversation. */
static void
expect(FILE *to, const char *what, bool lives)
{
	char words[64], *rest = words, *word;
	bool ends = false;

	snprintf(words, sizeof words, "%s", what);
	while ((word = strsep(&rest, " ")) != NULL) {
		size_t i = 0;

		if (strcmp(word, "ends") == 0) {
			ends = true;
			continue;
		}
		while (i < ARRAY_LEN(answers) && strcmp(answers[i].word, word) != 0)
			i++;
		cr_assert_lt(i, ARRAY_LEN(answers), "docs/stack.md: what is \"%s\"?", word);
		fprintf(to, "%s\n", answers[i].line);
	}
	cr_expect(lives || !ends);
	if (lives)
		fprintf(to, "end flows %d\n", !ends);
	else
		fprintf(to, "+0 quiet\n");
}

EACH_CASE(states, every_cell_of_the_table_is_true, states)
{
	char header[32], what[64], why[512], path[] = "/tmp/mynah-states-XXXXXX";
	int fd = mkstemp(path);
	bool again;		/* the same FIN */

	cr_assert_geq(fd, 0);
	close(fd);
	cell("segment", (unsigned)*i + 1, header, sizeof header);
	cr_assert_str_eq(header, states[*i].name);
	for (size_t k = 0; k < ARRAY_LEN(segments); k++) {
		unsigned ack = segments[k].ack >= SENT ? states[*i].sent : states[*i].ack;
		FILE *to = fopen(path, "w");

		cr_assert_not_null(to);
		cell(segments[k].name, (unsigned)*i + 1, what, sizeof what);
		fprintf(to, "set %s\n%s", states[*i].set, states[*i].until);
		again = states[*i].fin && strcmp(segments[k].name, "FIN") == 0;
		fprintf(to, "+1ms > %s seq %u%+d ack %u%+d %s %s\n", segments[k].flags, states[*i].seq - again,
		    segments[k].seq, ack, segments[k].ack % SENT, segments[k].rest,
		    strcmp(states[*i].name, "CLOSE-WAIT") == 0 ? "win 0" : "");
		expect(to, what, states[*i].lives);
		fclose(to);
		for (int six = 0; six < 2; six++) {
			if (conv_run(path, six, why, sizeof why) != 0)
				cr_expect_fail("%s in %s: %s", segments[k].name, states[*i].name, why);
		}
	}
	remove(path);
}
