#include "dataplane/hosts.h"

size_t
hosts_bytes(uint32_t n)
{
	return (size_t)n * sizeof(struct hosts_place);
}

void
hosts_init(struct hosts *h, void *mem, uint32_t n)
{
	assert((n & (n - 1)) == 0 && n >= HOSTS_WAYS);
	*h = (struct hosts){ .p = mem, .n = n };
}

struct host *
hosts_find(struct hosts *h, uint64_t key, uint32_t now_ms)
{
	struct hosts_place *way = &h->p[(uint32_t)key & (h->n - 1) & ~(uint32_t)(HOSTS_WAYS - 1)];
	struct hosts_place *old = way;

	assert(key != 0);
	for (unsigned i = 0; i < HOSTS_WAYS; i++) {
		if (way[i].key == key) {
			old = &way[i];
			break;
		}
		if (old->key != 0 && (way[i].key == 0 || now_ms - way[i].time_ms > now_ms - old->time_ms))
			old = &way[i];
	}
	if (old->key != key || now_ms - old->time_ms > HOSTS_IDLE_MS) {
		old->key = key;
		old->host.used = 0;
	}
	old->time_ms = now_ms;
	return &old->host;
}
