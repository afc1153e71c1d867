/*
 * one_thread.c - BLAS with one thread before anything else, as in both programs: a product repeats exactly, and
 * nobody spins for a core that others use. Linked into every test that learns.
 */
#include <cblas.h>

__attribute__((constructor)) static void
one_thread(void)
{
	openblas_set_num_threads(1);
}
