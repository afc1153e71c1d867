#include "learning/trial.h"

int
trial_run(struct trial *out, struct pool *pool, const struct corpus *c, const bool *held,
    const struct learn_params *p, enum eval_depth depth, struct diag *why)
{
	bool *use = pool_array(pool, c->nconversations + 1, sizeof *use);
	int err;

	for (uint32_t i = 0; i < c->nconversations; i++)
		use[i] = !held[i];
	err = learn_image(&out->made, pool, c, use, p, why);
	if (err < 0)
		return err;
	eval(&out->report, pool, out->made.model, c, held, depth, p->progress);
	baselines_judge(&out->baselines, pool, c, use, &out->report);
	return 0;
}
