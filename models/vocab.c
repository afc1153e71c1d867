#include "models/vocab.h"

#define WORD(name, text) text,
#define TABLE(var, what, list)                                                                 \
	static const char *const words_##var[] = { list(WORD) };                               \
	const struct vocab vocab_##var = { what, words_##var, ARRAY_LEN(words_##var) };

TABLE(elem, "element", ELEM_KINDS)
TABLE(op, "op", OP_KINDS)
TABLE(format, "format", FORMATS)
TABLE(event, "event", EVENT_KINDS)
TABLE(guard, "guard", GUARD_KINDS)
TABLE(effect, "effect", EFFECT_KINDS)
TABLE(scope, "scope", SCOPES)
TABLE(eom, "end of message", EOM_KINDS)
TABLE(var, "variable type", VAR_TYPES)
TABLE(channel, "channel", CHANNELS)
TABLE(news, "happening", CHANNEL_NEWS)
TABLE(origin, "origin", ORIGINS)
TABLE(second, "kind of message", SECOND_KINDS)
TABLE(prisma, "rule", PRISMA_RULES)

const struct vocab *const vocab_all[] = {
	&vocab_elem, &vocab_op, &vocab_format, &vocab_event, &vocab_guard, &vocab_effect,
	&vocab_scope, &vocab_eom, &vocab_var, &vocab_channel, &vocab_news, &vocab_origin, &vocab_second,
	&vocab_prisma, NULL,
};

const char *
vocab_name(const struct vocab *v, uint32_t value)
{
	return value < v->n ? v->word[value] : "?";
}

int
vocab_find(const struct vocab *v, struct span word)
{
	for (uint32_t i = 0; i < v->n; i++)
		if (span_eq(word, span_str(v->word[i])))
			return (int)i;
	return -1;
}
