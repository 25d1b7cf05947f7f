/*
 * notify webhook URL SECRET ID BODY [--private] [--next SECRET] | secret | wait |
 * mail|mail-tls SERVER FROM TO SUBJECT TEXT - deliveries from a shell, for tests.
 */
#include "notify/notify.h"

#include <string.h>

static int webhook(int argc, char **argv)
{
	static const char *const outcomes[] = { "delivered", "retry", "gone", "refused" };
	struct err e = { 0 };
	struct http *client = http_new(&e);
	struct notify_webhook w = {
		.url = argv[0],
		.secret = argv[1],
		.id = argv[2],
		.body = argv[3],
		.len = strlen(argv[3]),
	};
	struct notify_result r;

	for (int i = 4; i < argc; i++) {
		if (strcmp(argv[i], "--private") == 0)
			w.allow_private = 1;
		else if (strcmp(argv[i], "--next") == 0 && i + 1 < argc)
			w.next_secret = argv[++i];
	}
	notify_webhook(client, &w, clock_wall_ns() / 1000000000, &r);
	printf("%s %d %lld %s\n", outcomes[r.outcome], r.status,
		(long long)r.retry_after_s, r.why);
	http_free(client);
	return 0;
}

static int mail(char **argv, int plain)
{
	struct notify_mail m = {
		.server = argv[0],
		.from = argv[1],
		.to = argv[2],
		.subject = argv[3],
		.text = argv[4],
		.id = "0190-test",
		.plain = plain,
	};
	struct err e = { 0 };

	if (notify_mail(&m, clock_wall_ns() / 1000000000, &e) == 0)
		return 0;
	fprintf(stderr, "notify: %s\n", e.msg);
	return err_exit_status(e.code);
}

int main(int argc, char **argv)
{
	struct buf secret = BUF_INIT(256);
	struct err e = { 0 };

	if (argc >= 6 && strcmp(argv[1], "webhook") == 0)
		return webhook(argc - 2, argv + 2);
	if (argc == 7 && strncmp(argv[1], "mail", 4) == 0)
		return mail(argv + 2, strcmp(argv[1], "mail") == 0);
	if (argc == 2 && strcmp(argv[1], "secret") == 0 &&
		notify_secret_new(&secret, &e) == 0) {
		puts(secret.ptr);
		buf_release(&secret);
		return 0;
	}
	if (argc == 2 && strcmp(argv[1], "wait") == 0) {
		for (int n = 0; n < 11; n++)
			printf("%lld ", (long long)notify_wait_s(n, 0, -1));
		printf("%lld %lld %lld\n", (long long)notify_wait_s(1, 0, 60),
			(long long)notify_wait_s(1, 0, 1000000),
			(long long)notify_wait_s(9, 8640, -1));
		return 0;
	}
	return 2;
}
