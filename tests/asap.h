#pragma once
/*
 * asap.h - the reference data set asap, for parity tests: <shared>/reference/asap.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "learning/sparse.h"
#include "models/bytes.h"

enum { ASAP_MESSAGES = 10000, ASAP_FEATURES = 10034, ASAP_GROUPS = 12, ASAP_DISTINCT = 24 };

static inline FILE *
asap_open(const char *name)
{
	char path[512];

	snprintf(path, sizeof path, "%s/reference/asap/%s", TEST_SHARED, name);
	return fopen(path, "r");
}

/* rows x cols numbers separated by commas or line ends. */
static inline int
asap_numbers(const char *name, double *v, uint32_t n)
{
	FILE *f = asap_open(name);
	uint32_t have = 0;

	if (f == NULL)
		return -1;
	while (have < n && fscanf(f, "%lf%*[,\n]", &v[have]) >= 1)
		have++;
	fclose(f);
	return have == n ? 0 : -1;
}

/* The messages again as text: their tokens with blanks between. */
static inline int
asap_texts(struct pool *pool, struct span *text)
{
	FILE *names = asap_open("features.txt"), *lists = asap_open("messages.txt");
	char **name = pool_array(pool, ASAP_FEATURES, sizeof *name);
	char line[4096], built[8192];
	int nnames = 0, n = 0;

	while (names && nnames < ASAP_FEATURES && fgets(line, sizeof line, names)) {
		line[strcspn(line, "\n")] = '\0';
		name[nnames++] = pool_copy(pool, line, strlen(line) + 1);
	}
	while (lists && n < ASAP_MESSAGES && fgets(line, sizeof line, lists)) {
		size_t used = 0;

		for (char *p = strtok(line, " \n"); p != NULL; p = strtok(NULL, " \n"))
			used += snprintf(built + used, sizeof built - used, "%s ",
			    name[atoi(p) % ASAP_FEATURES]);
		text[n++] = span_of(pool_copy(pool, built, used), used);
	}
	if (names)
		fclose(names);
	if (lists)
		fclose(lists);
	return n == ASAP_MESSAGES && nnames == ASAP_FEATURES ? 0 : -1;
}

/* The duplicate-free matrix in the package's own order, with its weights. */
static inline int
asap_matrix(struct pool *pool, struct sparse *x, double *weight)
{
	double dense[ASAP_GROUPS * ASAP_DISTINCT];

	if (asap_numbers("X.csv", dense, ARRAY_LEN(dense)) < 0
	    || asap_numbers("weights.txt", weight, ASAP_DISTINCT) < 0)
		return -1;
	*x = (struct sparse){ .rows = ASAP_GROUPS, .cols = ASAP_DISTINCT };
	x->first = pool_array(pool, x->cols + 1, sizeof *x->first);
	x->row = pool_array(pool, ARRAY_LEN(dense), sizeof *x->row);
	for (uint32_t c = 0; c < x->cols; c++) {
		x->first[c + 1] = x->first[c];
		for (uint32_t r = 0; r < x->rows; r++) {
			if (dense[r * x->cols + c] != 0)
				x->row[x->first[c + 1]++] = r;
		}
	}
	return 0;
}
