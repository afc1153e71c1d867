#pragma once
/*
 * cases.h - one test per row of a table.
 *
 * Criterion starts a new process per case, in which a pointer made by the parent
 * is garbage; so the test receives the row's index in a static table.
 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include "models/base.h"

#define EACH_CASE(suite, name, table)                                                          \
	ParameterizedTestParameters(suite, name)                                               \
	{                                                                                      \
		static size_t index[ARRAY_LEN(table)];                                         \
		for (size_t k = 0; k < ARRAY_LEN(table); k++)                                  \
			index[k] = k;                                                          \
		return cr_make_param_array(size_t, index, ARRAY_LEN(table));                   \
	}                                                                                      \
	ParameterizedTest(size_t *i, suite, name)
