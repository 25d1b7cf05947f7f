#include "hub.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "store/events.h"
#include "store/requests.h"

#define TOPICS         4096u               /* hash chains */
#define SHARED_MAX     ((size_t)256 << 10) /* of a decision set's unsent events */
#define PAGE_BYTES     ((size_t)64 << 10)  /* what one stream takes at a time */
#define PAGE_ROWS      100
#define GRACE_NS       INT64_C(5000000000)  /* a client that comes back is no loss */
#define REFRESH_NS     INT64_C(20000000000) /* open streams are told again */
#define TELL_NS        INT64_C(20000000)    /* between two notifications of events */
#define TELL_JOB_NS    INT64_C(2000000)     /* and of jobs */
#define TAKE_NOTHING_S 30u
#define SECOND_NS      INT64_C(1000000000)

static const char ping_text[] = "event: ping\ndata: {}\n\n";
static const char bye_text[] = "retry: 1000\n\n";

struct topic;

struct stream {
	struct stream *next, *prev;
	struct topic *topic;
	struct MHD_Connection *connection;
	int64_t cursor; /* the last event that went into `own` */
	struct buf own; /* on its way out */
	size_t own_at;
	int suspended, ending, over;
	int64_t ping_ns, end_ns;
};

/* A decision set that somebody streams. Events up to base_id are in the log alone, the
 * rest up to last_id is here. */
struct topic {
	struct topic *next;
	char set_id[ID_TEXT_MAX], project_id[ID_TEXT_MAX];
	struct stream *streams;
	size_t n_streams;
	int64_t base_id, last_id, over_id; /* over_id 0: not over */
	struct buf text;
	struct place {
		int64_t id;
		size_t end;
	} * places;
	size_t n_places, room;
	size_t told; /* streams that the store knows of */
	int64_t told_ns, empty_ns;
};

struct hub {
	struct hub_options o;
	pthread_mutex_t lock;
	pthread_t thread;
	int bell, started, stopping, ending;
	int job, news; /* to be told to other processes */
	struct topic *topics[TOPICS];
	size_t n_topics;
	struct hub_counts counts;
	struct ear *ear;
	int64_t ear_tried_ns, told_ns, told_job_ns, second_ns;
};

/* ---- topics ---- */

static struct topic **find(struct hub *h, const char *set_id)
{
	unsigned char digest[DIGEST_LEN];
	struct topic **t;

	digest_bytes(set_id, strlen(set_id), digest);
	t = &h->topics[(digest[0] | (unsigned)digest[1] << 8) % TOPICS];
	while (*t != NULL && strcmp((*t)->set_id, set_id) != 0)
		t = &(*t)->next;
	return t;
}

static void topic_free(struct topic *t)
{
	buf_release(&t->text);
	free(t->places);
	free(t);
}

static void forget_text(struct topic *t)
{
	buf_release(&t->text);
	free(t->places);
	t->places = NULL;
	t->n_places = t->room = 0;
	t->base_id = t->last_id;
}

/* Keeps the later half: who is behind reads the log. */
static void trim(struct topic *t)
{
	size_t keep = t->n_places / 2, cut = t->places[keep].end;

	t->base_id = t->places[keep].id;
	memmove(t->text.ptr, t->text.ptr + cut, t->text.len - cut);
	buf_cut(&t->text, t->text.len - cut);
	for (size_t i = keep + 1; i < t->n_places; i++)
		t->places[i - keep - 1] =
			(struct place){ t->places[i].id, t->places[i].end - cut };
	t->n_places -= keep + 1;
}

static void add_event(struct buf *out, const struct store_event_row *ev, const char *sse)
{
	buf_addf(out, "id: %lld\nevent: %s\ndata: ", (long long)ev->id, sse);
	buf_add_str(out, ev->payload);
	buf_add_str(out, "\n\n");
}

static int is_last(const char *sse)
{
	return strcmp(sse, "run-complete") == 0;
}

static const char *sse_of(const char *type)
{
	const struct event_row *row = event_by_type(type);

	return row == NULL ? "" : row->sse;
}

static int add_place(struct topic *t, int64_t id)
{
	if (t->n_places == t->room) {
		size_t room = t->room == 0 ? 16 : t->room * 2;
		struct place *more = realloc(t->places, room * sizeof(*more));

		if (more == NULL)
			return -1;
		t->places = more;
		t->room = room;
	}
	t->places[t->n_places++] = (struct place){ id, t->text.len };
	return 0;
}

/* A new event of the log, with the lock held. */
static void publish(struct hub *h, struct topic *t, const struct store_event_row *ev)
{
	const char *sse = sse_of(ev->type);

	if (ev->id <= t->last_id)
		return;
	t->last_id = ev->id;
	if (*sse == '\0')
		return;
	add_event(&t->text, ev, sse);
	if (t->text.failed || add_place(t, ev->id) < 0)
		forget_text(t); /* the streams find it in the log */
	else if (t->text.len > SHARED_MAX)
		trim(t);
	if (is_last(sse))
		t->over_id = ev->id;
	h->counts.events++;
}

/* ---- streams ---- */

static void unlink_stream(struct stream *s)
{
	struct topic *t = s->topic;

	if (s->next != NULL)
		s->next->prev = s->prev;
	if (s->prev != NULL)
		s->prev->next = s->next;
	else
		t->streams = s->next;
	t->n_streams--;
	if (t->n_streams == 0)
		t->empty_ns = clock_monotonic_ns();
}

struct held {
	struct hub *hub;
	struct stream *stream;
};

static void end_stream(void *cls)
{
	struct held *held = cls;
	struct hub *h = held->hub;
	struct stream *s = held->stream;

	pthread_mutex_lock(&h->lock);
	unlink_stream(s);
	h->counts.streams--;
	h->counts.ended_early += !s->over && !s->ending;
	pthread_mutex_unlock(&h->lock);
	buf_release(&s->own);
	free(s);
	free(held);
}

struct page {
	struct stream *stream;
	int64_t cursor;
	int over;
};

static int add_to_page(void *arg, const struct store_event_row *ev)
{
	struct page *p = arg;
	const char *sse = sse_of(ev->type);

	if (p->stream->own.len > PAGE_BYTES || p->over)
		return 0;
	p->cursor = ev->id;
	if (*sse == '\0')
		return 0;
	add_event(&p->stream->own, ev, sse);
	p->over = is_last(sse);
	return p->stream->own.failed ? -1 : 0;
}

/* What this stream alone has missed, from the log; the lock is let go meanwhile. */
static int read_page(struct hub *h, struct stream *s)
{
	struct page page = { s, s->cursor, 0 };
	struct store *store = NULL;
	struct err e = { 0 };
	int ret;

	pthread_mutex_unlock(&h->lock);
	ret = pool_get(h->o.pool, &store, &e);
	if (ret == 0) {
		ret = store_events_after(store, s->topic->set_id, s->cursor, PAGE_ROWS,
			add_to_page, &page, &e);
		pool_put(h->o.pool, store);
	}
	pthread_mutex_lock(&h->lock);
	if (ret < 0)
		return -1;
	/* Nothing there: the shared part begins here. */
	s->cursor = page.cursor == s->cursor ? s->topic->base_id : page.cursor;
	s->over |= page.over;
	return 0;
}

/* From the shared part, whole events. */
static void take_shared(struct stream *s)
{
	const struct topic *t = s->topic;
	size_t from = 0;

	for (size_t i = 0; i < t->n_places && s->own.len < PAGE_BYTES; i++) {
		if (t->places[i].id > s->cursor) {
			buf_add(&s->own, t->text.ptr + from, t->places[i].end - from);
			s->cursor = t->places[i].id;
			s->over |= t->places[i].id == t->over_id;
		}
		from = t->places[i].end;
	}
	if (t->n_places == 0 || t->places[t->n_places - 1].id <= s->cursor)
		s->cursor = t->last_id > s->cursor ? t->last_id : s->cursor;
}

static ssize_t give(struct stream *s, char *out, size_t max)
{
	size_t n = s->own.len - s->own_at;

	if (n > max)
		n = max;
	memcpy(out, s->own.ptr + s->own_at, n);
	s->own_at += n;
	if (s->own_at == s->own.len) {
		buf_release(&s->own);
		s->own_at = 0;
	}
	return (ssize_t)n;
}

/* Puts into s->own what comes next; 0 when there is nothing now, -1 at the end. */
static int next_part(struct hub *h, struct stream *s)
{
	int64_t now = clock_monotonic_ns();

	if (s->over || s->ending)
		return -1;
	if (s->cursor < s->topic->base_id)
		return read_page(h, s) < 0 ? -1 : 1;
	if (s->cursor < s->topic->last_id) {
		take_shared(s);
		return 1;
	}
	if (h->ending || now >= s->end_ns) {
		buf_add_str(&s->own, bye_text);
		s->ending = 1;
		return 1;
	}
	if (now >= s->ping_ns) {
		buf_add_str(&s->own, ping_text);
		s->ping_ns = now + h->o.ping_s * SECOND_NS;
		h->counts.pings++;
		return 1;
	}
	return 0;
}

static ssize_t read_stream(void *cls, uint64_t pos, char *out, size_t max)
{
	struct held *held = cls;
	struct hub *h = held->hub;
	struct stream *s = held->stream;
	ssize_t ret = 0;
	int more = 1;

	(void)pos;
	pthread_mutex_lock(&h->lock);
	while (more > 0 && s->own.len == s->own_at)
		more = next_part(h, s);
	if (s->own.failed) {
		ret = MHD_CONTENT_READER_END_WITH_ERROR;
	} else if (s->own.len > s->own_at) {
		ret = give(s, out, max);
	} else if (more < 0) {
		ret = MHD_CONTENT_READER_END_OF_STREAM;
	} else {
		s->suspended = 1;
		MHD_suspend_connection(s->connection);
	}
	pthread_mutex_unlock(&h->lock);
	return ret;
}

static void wake(struct stream *s)
{
	if (!s->suspended)
		return;
	s->suspended = 0;
	MHD_resume_connection(s->connection);
}

/* The topic with its stream, or NULL; with the lock held. */
static struct topic *join(
	struct hub *h, struct stream *s, const char *project_id, const char *set_id)
{
	struct topic **at = find(h, set_id), *t = *at;

	if (t == NULL) {
		t = calloc(1, sizeof(*t));
		if (t == NULL)
			return NULL;
		snprintf(t->set_id, sizeof(t->set_id), "%s", set_id);
		snprintf(t->project_id, sizeof(t->project_id), "%s", project_id);
		buf_init(&t->text, SHARED_MAX * 64);
		t->base_id = t->last_id = s->cursor;
		*at = t;
		h->n_topics++;
	}
	s->topic = t;
	s->next = t->streams;
	if (s->next != NULL)
		s->next->prev = s;
	t->streams = s;
	t->n_streams++;
	h->counts.streams++;
	h->counts.opened++;
	return t;
}

static struct held *new_stream(struct hub *h, struct MHD_Connection *c,
	const char *project_id, const char *set_id, int64_t after)
{
	struct held *held = calloc(1, sizeof(*held));
	struct stream *s = calloc(1, sizeof(*s));
	int64_t now = clock_monotonic_ns();
	struct topic *t = NULL;

	if (s != NULL && held != NULL) {
		s->connection = c;
		s->cursor = after;
		s->ping_ns = now + h->o.ping_s * SECOND_NS;
		s->end_ns = now + h->o.stream_s * SECOND_NS;
		buf_init(&s->own, BUF_NO_LIMIT);
		pthread_mutex_lock(&h->lock);
		t = join(h, s, project_id, set_id);
		pthread_mutex_unlock(&h->lock);
	}
	if (t == NULL) {
		free(s);
		free(held);
		return NULL;
	}
	*held = (struct held){ h, s };
	return held;
}

struct MHD_Response *hub_stream(struct hub *h, struct MHD_Connection *c,
	const char *project_id, const char *set_id, int64_t after, struct err *e)
{
	struct held *held = new_stream(h, c, project_id, set_id, after);
	struct MHD_Response *r;

	if (held == NULL) {
		err_no_memory(e);
		return NULL;
	}
	r = MHD_create_response_from_callback(
		MHD_SIZE_UNKNOWN, 4096, read_stream, held, end_stream);
	if (r == NULL) {
		end_stream(held);
		err_no_memory(e);
		return NULL;
	}
	MHD_set_connection_option(c, MHD_CONNECTION_OPTION_TIMEOUT, TAKE_NOTHING_S);
	(void)MHD_add_response_header(r, "Content-Type", "text/event-stream");
	(void)MHD_add_response_header(r, "Cache-Control", "no-cache, no-transform");
	(void)MHD_add_response_header(r, "X-Accel-Buffering", "no");
	hub_ring(h);
	return r;
}

/* ---- the reader of the log ---- */

static void ring(struct hub *h)
{
	uint64_t one = 1;

	(void)!write(h->bell, &one, sizeof(one));
}

void hub_ring(struct hub *h)
{
	pthread_mutex_lock(&h->lock);
	h->news = 1;
	pthread_mutex_unlock(&h->lock);
	ring(h);
}

void hub_ring_job(struct hub *h)
{
	pthread_mutex_lock(&h->lock);
	h->job = h->news = 1;
	pthread_mutex_unlock(&h->lock);
	ring(h);
}

/* [[id, after], ...] of all topics; the number of them. */
static size_t print_watched(struct hub *h, struct buf *out)
{
	size_t n = 0;

	buf_add_char(out, '[');
	for (size_t i = 0; i < TOPICS; i++)
		for (struct topic *t = h->topics[i]; t != NULL; t = t->next)
			if (t->n_streams > 0 && t->over_id == 0)
				buf_addf(out, "%s[\"%s\",%lld]", n++ > 0 ? "," : "",
					t->set_id, (long long)t->last_id);
	buf_add_char(out, ']');
	return n;
}

static int deliver(void *arg, const struct store_event_row *ev)
{
	struct hub *h = arg;
	struct topic *t;
	size_t before;

	pthread_mutex_lock(&h->lock);
	t = *find(h, ev->set_id);
	if (t != NULL) {
		before = t->n_places;
		publish(h, t, ev);
		if (t->n_places != before)
			for (struct stream *s = t->streams; s != NULL; s = s->next)
				wake(s);
	}
	pthread_mutex_unlock(&h->lock);
	return 0;
}

static void look(struct hub *h, struct store *store)
{
	struct buf watched = BUF_INIT(BUF_NO_LIMIT);
	struct err e = { 0 };
	size_t n;

	pthread_mutex_lock(&h->lock);
	n = print_watched(h, &watched);
	pthread_mutex_unlock(&h->lock);
	if (n > 0 && buf_ok(&watched, &e) == 0 &&
		store_events_of(store, watched.ptr, deliver, h, &e) < 0)
		log_detail(h->o.log, "events: %s", e.msg);
	buf_release(&watched);
}

/* ---- what the store is told about streams ---- */

struct telling {
	char set_id[ID_TEXT_MAX], project_id[ID_TEXT_MAX];
	size_t streams;
};

/* The next topic whose number of streams the store should know. */
static int next_telling(struct hub *h, struct telling *out)
{
	int64_t now = clock_monotonic_ns();

	for (size_t i = 0; i < TOPICS; i++)
		for (struct topic *t = h->topics[i]; t != NULL; t = t->next) {
			int opened = t->n_streams > 0 &&
				(t->told == 0 || now - t->told_ns > REFRESH_NS);
			int closed = t->n_streams == 0 && t->told > 0 &&
				now - t->empty_ns > GRACE_NS;

			if (t->over_id != 0 || (!opened && !closed))
				continue;
			t->told = t->n_streams;
			t->told_ns = now;
			memcpy(out->set_id, t->set_id, sizeof(out->set_id));
			memcpy(out->project_id, t->project_id, sizeof(out->project_id));
			out->streams = t->n_streams;
			return 1;
		}
	return 0;
}

static void tell_streams(struct hub *h, struct store *store)
{
	struct telling t;
	struct err e = { 0 };
	int more = 1;

	while (more) {
		pthread_mutex_lock(&h->lock);
		more = !h->ending && next_telling(h, &t);
		pthread_mutex_unlock(&h->lock);
		if (more &&
			store_stream(store, t.project_id, t.set_id, h->o.process_id,
				(int64_t)t.streams, &e) < 0)
			log_detail(h->o.log, "streams: %s", e.msg);
	}
}

/* ---- housekeeping ---- */

static int all_have(const struct topic *t)
{
	int64_t last = t->n_places == 0 ? 0 : t->places[t->n_places - 1].id;

	for (const struct stream *s = t->streams; s != NULL; s = s->next)
		if (s->cursor < last)
			return 0;
	return 1;
}

static void tidy_topic(struct hub *h, struct topic *t, int64_t now)
{
	for (struct stream *s = t->streams; s != NULL; s = s->next)
		if (h->ending || now >= s->ping_ns || now >= s->end_ns ||
			s->cursor < t->base_id)
			wake(s);
	if (t->n_places > 0 && all_have(t))
		forget_text(t);
}

static void tidy(struct hub *h)
{
	int64_t now = clock_monotonic_ns();

	pthread_mutex_lock(&h->lock);
	for (size_t i = 0; i < TOPICS; i++) {
		struct topic **at = &h->topics[i];

		while (*at != NULL) {
			struct topic *t = *at;

			tidy_topic(h, t, now);
			if (t->n_streams > 0 || (t->told > 0 && t->over_id == 0)) {
				at = &t->next;
				continue;
			}
			*at = t->next;
			h->n_topics--;
			topic_free(t);
		}
	}
	pthread_mutex_unlock(&h->lock);
}

/* ---- notifications ---- */

/* Where the server notifies, an ear is opened, and opened again when it was lost. */
static void open_ear(struct hub *h, struct store *store)
{
	int64_t now = clock_monotonic_ns();
	const char *url = *h->o.listen_db != '\0' ? h->o.listen_db : h->o.db;
	struct err e = { 0 };
	int works = 0;

	if (h->ear != NULL || !store_is_postgres(store) ||
		(h->ear_tried_ns != 0 && now - h->ear_tried_ns < 10 * SECOND_NS))
		return;
	h->ear_tried_ns = now;
	if (ear_open(&h->ear, url, store, &works, &e) == 0 && works)
		return;
	if (h->ear != NULL) { /* a pooler: it will not get better by trying again */
		ear_close(h->ear);
		h->ear = NULL;
		h->ear_tried_ns = now + 3600 * SECOND_NS;
		log_warn(h->o.log,
			"notifications do not come back (a pooler? --listen-db): looking "
			"every %lld ms",
			(long long)h->o.poll_ms);
	}
}

/* 1 when somebody told of events. */
static int hear(struct hub *h)
{
	char what[64];
	struct err e = { 0 };
	int events = 0, ret;

	while (h->ear != NULL && (ret = ear_next(h->ear, what, sizeof(what), &e)) != 0) {
		if (ret < 0) {
			ear_close(h->ear);
			h->ear = NULL;
			break;
		}
		events |= strcmp(what, "events") == 0;
		if (strcmp(what, "jobs") == 0 && h->o.job != NULL)
			h->o.job(h->o.arg);
	}
	return events;
}

/* A notification takes a lock that the whole server shares: each kind goes out at once
 * when it has been quiet, and then at intervals; a job is waited for, news bear it. */
static void tell_kind(struct hub *h, struct store *store, const char *what, int *due,
	int64_t *told_ns, int64_t every_ns)
{
	struct err e = { 0 };
	int64_t now = clock_monotonic_ns();
	int tell = 0;

	pthread_mutex_lock(&h->lock);
	if (*due && now - *told_ns >= every_ns) {
		tell = 1;
		*due = 0;
		*told_ns = now;
	}
	pthread_mutex_unlock(&h->lock);
	if (tell && queue_tell(store, what, &e) < 0)
		log_detail(h->o.log, "notify: %s", e.msg);
}

static void tell_others(struct hub *h, struct store *store)
{
	tell_kind(h, store, "jobs", &h->job, &h->told_job_ns, TELL_JOB_NS);
	tell_kind(h, store, "events", &h->news, &h->told_ns, TELL_NS);
}

/* How long nothing has to be told, at most `ms`. */
static int64_t quiet_ms(struct hub *h, int64_t ms)
{
	pthread_mutex_lock(&h->lock);
	if (h->job)
		ms = TELL_JOB_NS / 1000000;
	else if (h->news)
		ms = TELL_NS / 1000000;
	pthread_mutex_unlock(&h->lock);
	return ms;
}

static void wait_for_news(struct hub *h)
{
	struct pollfd p[2] = { { .fd = h->bell, .events = POLLIN },
		{ .fd = h->ear == NULL ? -1 : ear_fd(h->ear), .events = POLLIN } };
	int64_t ms = h->o.poll_ms < 1000 ? h->o.poll_ms : 1000;
	uint64_t rings;

	(void)poll(p, 2, (int)quiet_ms(h, ms));
	(void)!read(h->bell, &rings, sizeof(rings));
}

static void each_second(struct hub *h, struct store *store)
{
	int64_t now = clock_monotonic_ns();

	if (now - h->second_ns < SECOND_NS)
		return;
	h->second_ns = now;
	tidy(h);
	if (store != NULL) {
		open_ear(h, store);
		tell_streams(h, store);
	}
	if (h->o.tick != NULL)
		h->o.tick(h->o.arg);
}

static int is_stopping(struct hub *h)
{
	int yes;

	pthread_mutex_lock(&h->lock);
	yes = h->stopping;
	pthread_mutex_unlock(&h->lock);
	return yes;
}

/* A look costs one question to the store; without one at hand, the next time. */
static void *run(void *arg)
{
	struct hub *h = arg;

	while (!is_stopping(h)) {
		struct store *store = NULL;
		struct err e = { 0 };

		wait_for_news(h);
		(void)hear(h);
		if (pool_get(h->o.pool, &store, &e) == 0) {
			tell_others(h, store);
			look(h, store);
		}
		each_second(h, store);
		if (store != NULL)
			pool_put(h->o.pool, store);
	}
	return NULL;
}

/* ---- life ---- */

int hub_start(struct hub **out, const struct hub_options *o, struct err *e)
{
	struct hub *h = calloc(1, sizeof(*h));

	if (h == NULL)
		return err_no_memory(e);
	h->o = *o;
	pthread_mutex_init(&h->lock, NULL);
	h->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (h->bell < 0 || pthread_create(&h->thread, NULL, run, h) != 0) {
		err_fill(e, ERR_INTERNAL, "cannot start a thread: %s", strerror(errno));
		hub_free(h);
		return -1;
	}
	h->started = 1;
	*out = h;
	return 0;
}

void hub_end_streams(struct hub *h)
{
	pthread_mutex_lock(&h->lock);
	h->ending = 1;
	for (size_t i = 0; i < TOPICS; i++)
		for (struct topic *t = h->topics[i]; t != NULL; t = t->next)
			for (struct stream *s = t->streams; s != NULL; s = s->next)
				wake(s);
	pthread_mutex_unlock(&h->lock);
}

void hub_stop(struct hub *h)
{
	if (!h->started)
		return;
	pthread_mutex_lock(&h->lock);
	h->stopping = 1;
	pthread_mutex_unlock(&h->lock);
	ring(h);
	pthread_join(h->thread, NULL);
	h->started = 0;
}

void hub_free(struct hub *h)
{
	if (h == NULL)
		return;
	for (size_t i = 0; i < TOPICS; i++)
		for (struct topic *t = h->topics[i], *next; t != NULL; t = next) {
			next = t->next;
			topic_free(t);
		}
	ear_close(h->ear);
	if (h->bell >= 0)
		close(h->bell);
	pthread_mutex_destroy(&h->lock);
	free(h);
}

void hub_count(struct hub *h, struct hub_counts *out)
{
	pthread_mutex_lock(&h->lock);
	*out = h->counts;
	pthread_mutex_unlock(&h->lock);
}
