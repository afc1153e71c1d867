#include "control/summary.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>

static void
count_alt(struct summary *s, const struct text_alt *a)
{
	s->alts++;
	s->alt[a->origin]++;
	s->closes += a->close;
	if (a->delay_ms > 0) {
		s->least_ms = s->late++ == 0 ? a->delay_ms : MIN(s->least_ms, a->delay_ms);
		s->most_ms = MAX(s->most_ms, a->delay_ms);
	}
	s->resets += a->reset;
	s->pendings += a->pending;
	for (uint32_t i = 0; i < a->nguard; i++)
		s->guard[a->guard[i].kind]++;
	for (uint32_t i = 0; i < a->neffect; i++)
		s->effect[a->effect[i].kind]++;
}

/* What one machine of the model has. */
static void
count_machine(struct summary *s, const struct text *t)
{
	for (uint32_t i = 0; i < t->ntemplate; i++) {
		s->template[t->template[i].origin]++;
		s->for_second += t->template[i].second;
	}
	s->templates += t->ntemplate;
	s->replies += t->nreply;
	s->states += t->nstate;
	s->data += t->ndata;
	s->maps += t->nmap;
	s->vars += t->nvar;
	for (uint32_t i = 0; i < t->nreply; i++) {
		const struct text_reply *r = &t->reply[i];
		s->reply[r->origin]++;
		for (uint32_t k = 0; k < r->nop; k++)
			s->op[r->origin][r->op[k].kind]++;
	}
	for (uint32_t i = 0; i < t->nstate; i++) {
		const struct text_state *state = &t->state[i];
		s->backoffs += state->backoff >= 0;
		s->turns += state->nturn;
		if (t != s->t)
			;	/* where a message ends says the first machine */
		else if (state->eom >= 0)
			s->eom[t->eom[state->eom].kind]++;
		else
			s->eom[t->proto == MODEL_UDP ? EOM_DATAGRAM : EOM_PUSH]++;
		for (uint32_t k = 0; k < state->nturn; k++) {
			s->event[state->turn[k].event]++;
			for (uint32_t a = 0; a < state->turn[k].nalt; a++)
				count_alt(s, &state->turn[k].alt[a]);
		}
	}
	for (uint32_t i = 0; i < t->ndata; i++) {
		s->values += t->data[i].n;
		s->scope[t->data[i].scope]++;
	}
	for (uint32_t i = 0; i < t->nmap; i++)
		s->pairs += t->map[i].n;
}

void
summary_of(struct summary *s, const struct model *m, const struct text *t)
{
	*s = (struct summary){ .t = t, .m = m };
	count_machine(s, t);
	if (t->second != NULL)
		count_machine(s, t->second);
}

/* " (prisma 12, hand 3)" of what is not 0. */
static void
print_counts(FILE *to, const struct vocab *v, const uint32_t *n)
{
	const char *between = " (";

	for (uint32_t i = 0; i < v->n; i++) {
		if (n[i] == 0)
			continue;
		fprintf(to, "%s%s %u", between, v->word[i], n[i]);
		between = ", ";
	}
	fputs(between[0] == ',' ? ")\n" : "\n", to);
}

/* Who stands beside, and what for. */
static void
print_second(const struct summary *s, FILE *to)
{
	const struct text *t = s->t;

	fprintf(to, "beside       %.*s, order %u, answers %u of %u templates", (int)t->second->learner.n,
	    (const char *)t->second->learner.p, t->second->order, s->for_second, t->ntemplate);
	for (uint32_t k = 0; k < SECOND_KIND_N; k++)
		if (t->second_for >> k & 1)
			fprintf(to, ", %s", vocab_name(&vocab_second, k));
	putc('\n', to);
}

void
summary_print(const struct summary *s, FILE *to)
{
	const struct text *t = s->t;
	uint32_t states, classes;
	size_t bytes = model_automaton(s->m, &states, &classes);

	fprintf(to, "%.*s, %s, channel %s, version %s\n", (int)t->name.n,
	    (const char *)t->name.p, t->proto == MODEL_TCP ? "tcp" : "udp",
	    vocab_name(&vocab_channel, t->channel), model_version(s->m));
	fprintf(to, "learned by   %.*s, order %u, seed %" PRIu64 "\n", (int)t->learner.n,
	    (const char *)t->learner.p, t->order, t->seed);
	if (t->second != NULL)
		print_second(s, to);
	for (uint32_t i = 0; i < t->nsource; i++)
		fprintf(to, "from         %.*s: %u conversations, %u messages\n",
		    (int)t->source[i].name.n, (const char *)t->source[i].name.p,
		    t->source[i].conversations, t->source[i].messages);
	fprintf(to, "size         image %zu bytes; automaton %u states, %u byte classes, %zu bytes\n",
	    model_image(s->m).n, states, classes, bytes);
	fprintf(to, "states       %u, %u of them with back-off", s->states, s->backoffs);
	fputs("; messages end by", to);
	print_counts(to, &vocab_eom, s->eom);
	fprintf(to, "turns        %u", s->turns);
	print_counts(to, &vocab_event, s->event);
	fprintf(to, "alternatives %u", s->alts);
	print_counts(to, &vocab_origin, s->alt);
	fprintf(to, "  of these   %u close, %u reset, %u are pending", s->closes, s->resets, s->pendings);
	if (s->late > 0)
		fprintf(to, ", %u come after %u to %u ms", s->late, s->least_ms, s->most_ms);
	putc('\n', to);
	fprintf(to, "  guards    ");
	print_counts(to, &vocab_guard, s->guard);
	fprintf(to, "  effects   ");
	print_counts(to, &vocab_effect, s->effect);
	fprintf(to, "templates    %u", s->templates);
	print_counts(to, &vocab_origin, s->template);
	fprintf(to, "replies      %u", s->replies);
	print_counts(to, &vocab_origin, s->reply);
	for (uint32_t o = 0; o < ORIGIN_N; o++) {
		if (s->reply[o] == 0)
			continue;
		fprintf(to, "  %-10s", vocab_origin.word[o]);
		print_counts(to, &vocab_op, s->op[o]);
	}
	fprintf(to, "tables       %u data (%" PRIu64 " values), %u maps (%" PRIu64 " entries), "
	    "%u variables, %u sets and registers\n", s->data, s->values, s->maps, s->pairs,
	    s->vars, t->nhostset);
	fputs("  data the same for one", to);
	print_counts(to, &vocab_scope, s->scope);
	fprintf(to, "vectors      %u\n", t->nvector);
}

static json_t *
json_counts(const struct vocab *v, const uint32_t *n)
{
	json_t *o = json_object();

	for (uint32_t i = 0; i < v->n; i++)
		if (n[i] > 0)
			json_object_set_new(o, v->word[i], json_integer(n[i]));
	return o;
}

static json_t *
json_bytes(struct span s)
{
	json_t *text = json_stringn((const char *)s.p, s.n);

	return text != NULL ? text : json_string("(not UTF-8)");
}

/* null where there is no second machine. */
static json_t *
json_second(const struct summary *s)
{
	const struct text *t = s->t;
	json_t *kinds = json_array();

	for (uint32_t k = 0; k < SECOND_KIND_N; k++)
		if (t->second_for >> k & 1)
			json_array_append_new(kinds, json_string(vocab_name(&vocab_second, k)));
	if (t->second != NULL)
		return json_pack("{s:o, s:I, s:I, s:o}", "learner", json_bytes(t->second->learner), "order",
		    (json_int_t)t->second->order, "templates", (json_int_t)s->for_second, "kinds", kinds);
	json_decref(kinds);
	return json_null();
}

static json_t *
json_sources(const struct text *t)
{
	json_t *all = json_array();

	for (uint32_t i = 0; i < t->nsource; i++)
		json_array_append_new(all, json_pack("{s:o, s:I, s:I}",
		    "name", json_bytes(t->source[i].name),
		    "conversations", (json_int_t)t->source[i].conversations,
		    "messages", (json_int_t)t->source[i].messages));
	return all;
}

/* What is said late, by state and, if it answers a message, its template. */
static json_t *
json_delays(const struct text *t)
{
	json_t *all = json_array();

	for (uint32_t i = 0; i < t->nstate; i++)
		for (uint32_t k = 0; k < t->state[i].nturn; k++) {
			const struct text_turn *turn = &t->state[i].turn[k];

			for (uint32_t a = 0; a < turn->nalt; a++)
				if (turn->alt[a].delay_ms > 0)
					json_array_append_new(all, json_pack("{s:I, s:o, s:I, s:I}", "state", (json_int_t)i,
					    "template", turn->event == EVENT_MESSAGE ? json_integer(turn->arg) : json_null(),
					    "reply", (json_int_t)turn->alt[a].reply, "ms", (json_int_t)turn->alt[a].delay_ms));
		}
	return all;
}

json_t *
summary_object(const struct summary *s)
{
	const struct text *t = s->t;
	uint32_t states, classes;
	size_t bytes = model_automaton(s->m, &states, &classes);
	json_t *rules = json_object(), *o;

	for (uint32_t i = 0; i < ORIGIN_N; i++)
		if (s->reply[i] > 0)
			json_object_set_new(rules, vocab_origin.word[i],
			    json_counts(&vocab_op, s->op[i]));
	o = json_pack("{s:o, s:s, s:s, s:s, s:o, s:I, s:o, s:o, s:o}",
	    "service", json_bytes(t->name), "protocol", t->proto == MODEL_TCP ? "tcp" : "udp",
	    "channel", vocab_name(&vocab_channel, t->channel), "version", model_version(s->m),
	    "learner", json_bytes(t->learner), "order", (json_int_t)t->order,
	    "seed", json_sprintf("%" PRIu64, t->seed),	/* a string: it may exceed 2^53 */
	    "sources", json_sources(t), "second", json_second(s));
	if (o == NULL)
		return NULL;
	json_object_update_new(o, json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}",
	    "image_bytes", (json_int_t)model_image(s->m).n,
	    "automaton_bytes", (json_int_t)bytes, "automaton_states", (json_int_t)states,
	    "byte_classes", (json_int_t)classes, "states", (json_int_t)s->states,
	    "turns", (json_int_t)s->turns, "data_values", (json_int_t)s->values,
	    "map_entries", (json_int_t)s->pairs, "variables", (json_int_t)s->vars,
	    "vectors", (json_int_t)t->nvector));
	json_object_update_new(o, json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
	    "templates", json_counts(&vocab_origin, s->template),
	    "replies", json_counts(&vocab_origin, s->reply),
	    "alternatives", json_counts(&vocab_origin, s->alt),
	    "events", json_counts(&vocab_event, s->event),
	    "guards", json_counts(&vocab_guard, s->guard),
	    "effects", json_counts(&vocab_effect, s->effect),
	    "delays", json_delays(t), "data_scopes", json_counts(&vocab_scope, s->scope),
	    "end_of_message", json_counts(&vocab_eom, s->eom), "rules", rules));
	return o;
}

json_t *
summary_object_of(const struct model *m)
{
	struct summary s;
	struct diag why;
	struct text t;
	json_t *o = NULL;
	char *text;
	size_t n;

	if (model_text(m, &text, &n, &why) < 0)
		return NULL;
	if (text_parse(&t, "model", span_of(text, n), &why) == 0) {
		summary_of(&s, m, &t);
		o = summary_object(&s);
		text_fini(&t);
	}
	free(text);
	return o;
}

int
summary_json(const struct summary *s, FILE *to)
{
	json_t *o = summary_object(s);
	int err;

	if (o == NULL)
		return -ENOMEM;
	err = json_dumpf(o, to, JSON_COMPACT) < 0 ? -ENOMEM : 0;
	fputc('\n', to);
	json_decref(o);
	return err;
}
