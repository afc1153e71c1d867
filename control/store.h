#pragma once
/*
 * store.h - what the sensor keeps of each service: the models it had on air and the captures
 * they were learned from. Survives kill -9 at any moment.
 *
 * STATE/SERVICE/manifest.json    what is here and what it is: the only truth, replaced whole
 * STATE/SERVICE/models/VERSION.mynah
 * STATE/SERVICE/captures/ID.pcap
 *
 * Every change is: write the new files, sync them, write manifest.json.tmp, sync, rename, sync
 * the folder. So a manifest names only files that are whole; what it does not name is left over
 * from a crash and removed at the next store_open(). A manifest that cannot be read is an error
 * with its line, never a reason to delete anything.
 *
 * Threads: control. Strings are the store's until the next change.
 */
#include "models/diag.h"

enum {
	STORE_MODELS = 16,	/* versions kept per service: the newest, the one on air, the one before */
	STORE_CAPTURES = 4096,	/* per service; the next is refused until some have been judged */
	STORE_TRIES = 3,	/* of a job past a limit, before the only new capture in it is refused */
};

enum capture_state {
	CAPTURE_NEW,		/* arrived, not yet judged */
	CAPTURE_LEARNED,	/* part of what a published model was learned from */
	CAPTURE_REFUSED,	/* its model did not pass the gate; kept for people, learned if offered again */
};

struct store_capture {
	char *file;		/* absolute */
	char *origin;		/* its name in the spool */
	char sha256[65];
	uint64_t bytes;
	int64_t arrived_ms;	/* Unix */
	uint32_t conversations;	/* of the service; 0: not known yet */
	uint32_t among;		/* new captures of the smallest job past a limit that had it; 0: none had */
	uint8_t tries;		/* such jobs in which it was the only new one */
	uint8_t state;		/* enum capture_state */
};

enum model_origin { ORIGIN_CONFIGURED, ORIGIN_LOADED, ORIGIN_TRAINED };

struct store_model {
	char *file;		/* absolute */
	char version[17];
	int64_t added_ms;
	uint8_t origin;		/* enum model_origin */
};

struct store_service {
	char name[64];
	char configured[17];	/* version of the configured file when last seen; "" never */
	struct store_model *model;	/* oldest first */
	uint32_t nmodels;
	int32_t on_air;		/* index; -1: none */
	int32_t before;		/* where rollback goes; -1: nowhere */
	struct store_capture *capture;	/* oldest first */
	uint32_t ncaptures;
};

struct store_limits {		/* retention, per service; 0: none */
	uint64_t capture_bytes;
	uint32_t capture_days;
};

struct store;

/*
 * Makes the folder, takes its lock: one sensor per folder. Reads every manifest in it and checks
 * what it names; a file that somebody removed is said in the log and no longer part of the
 * record. 0, or -errno with a sentence; -EBUSY: another process has it.
 */
int	store_open(struct store **out, const char *folder, const struct store_limits *limits,
	    struct diag *why);
/* The service's record, made empty at the first call; valid until store_close(). NULL with a sentence. */
const struct store_service *store_service(struct store *s, const char *name, struct diag *why);
/*
 * Copies an image file in under its version; one that is there already is found again. The
 * index of the model, or -errno with a sentence.
 */
int	store_add_model(struct store *s, const char *service, const char *file, const char *version,
	    enum model_origin origin, struct diag *why);
/* The model is on air; another that was until now becomes the one to go back to. */
int	store_on_air(struct store *s, const char *service, const char *version, struct diag *why);
/* The version that the configuration's own file has now. */
int	store_configured(struct store *s, const char *service, const char *version, struct diag *why);
/*
 * Takes a capture over from the spool. On the same file system that is a second name for the
 * bytes and the removal of the first; elsewhere, and where the file has more names than one, a
 * copy. Either way all of it is read once for its sum: about 2 s per GB, in which control does
 * nothing else. -EEXIST: a capture of the same bytes is here already (the file is removed), unless
 * that one was refused: then it is new again, under the name that it came with this time.
 * -EAGAIN: it is still being written. The index of the capture, or -errno with a sentence.
 */
int	store_add_capture(struct store *s, const char *service, const char *file, struct diag *why);
/*
 * What a learning job saw is judged: those of the n files (store_capture.file, in any order)
 * that are NEW become to. conversations[i] is files[i]'s; NULL: as they are. What arrived since
 * stays NEW; a file that is no longer here is passed over.
 */
int	store_judge(struct store *s, const char *service, const char *const *files,
	    const uint32_t *conversations, size_t n, enum capture_state to, struct diag *why);
/*
 * A job with these files ended past a limit (due.h): those that are NEW are written down as having
 * failed together; one that was alone has a try more, and at STORE_TRIES is REFUSED. 1: it was.
 */
int	store_past_limit(struct store *s, const char *service, const char *const *files, size_t n,
	    struct diag *why);
/* A job with these files kept its limits, but could not judge them: they have not failed. */
int	store_within_limit(struct store *s, const char *service, const char *const *files, size_t n,
	    struct diag *why);
/*
 * Applies retention to every service: judged captures go, the oldest first; NEW ones never.
 * Not while a job reads captures: call it when one has ended, and once an hour for the days.
 * store_open() has called it.
 */
int	store_retain(struct store *s, struct diag *why);
void	store_close(struct store *s);
