/* lexer: levelling, phrases, numbers. */
#include "../test.h"
#include "lexer/lexer.h"

enum {
	CLS_NONE,
	CLS_TECH,
	CLS_UNIT,
	CLS_NUMBER,
	CLS_SCALE,
	CLS_RANGE,
	CLS_BETWEEN,
	CLS_CUR
};

static struct lexicon *words(void)
{
	static const struct {
		const char *phrase;
		unsigned cls;
		const char *value;
		unsigned flags;
	} rows[] = {
		{ "kubernetes", CLS_TECH, "kubernetes", 0 },
		{ "cloud (run|functions)", CLS_TECH, "cloud-run", 0 },
		{ "cloud", CLS_TECH, "cloud", 0 },
		{ "ms", CLS_UNIT, "0.001", PHRASE_AFTER_DIGIT },
		{ "€", CLS_CUR, "EUR", PHRASE_AFTER_DIGIT | PHRASE_BEFORE_DIGIT },
		{ "$", CLS_CUR, "USD", PHRASE_AFTER_DIGIT | PHRASE_BEFORE_DIGIT },
		{ "k", CLS_SCALE, "1000", PHRASE_AFTER_DIGIT },
		{ "thousand", CLS_SCALE, "1000", 0 },
		{ "two", CLS_NUMBER, "2", 0 },
		{ "five", CLS_NUMBER, "5", 0 },
		{ "hundred", CLS_NUMBER, "100", 0 },
		{ "to", CLS_RANGE, "to", 0 },
		{ "and", CLS_RANGE, "and", 0 },
		{ "between", CLS_BETWEEN, NULL, 0 },
	};
	struct lexicon *lx = lexicon_new();
	struct err e = { 0 };

	assert_non_null(lx);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(lexicon_add(lx, rows[i].phrase, rows[i].cls,
					 rows[i].value, rows[i].flags, &e),
			0);
	assert_int_equal(lexicon_compile(lx, &e), 0);
	return lx;
}

static void phrases_are_found_at_words(void **unused)
{
	static const struct {
		const char *text;
		const char *found; /* values in order */
	} cases[] = {
		{ "Kubernetes, please", "kubernetes " },
		{ "kubernetesque", "" },
		{ "KUBER\xc2\xadNETES", "kubernetes " }, /* soft hyphen */
		{ "**Kubernetes**", "kubernetes " },
		{ "<b>Kubern</b>etes", "kubernetes " },
		{ "Cloud\nRun and cloud-functions", "cloud-run and cloud-run " },
		{ "cloud\n\nrun", "cloud " },
		{ "the cloud runs", "cloud " },
		{ "200ms", "0.001 " },
		{ "items", "" },
		{ "<!-- Kubernetes --> x", "" },
		{ "<!-- Kubernetes", "kubernetes " },
		{ "\xef\xbc\xab\xef\xbd\x95\xef\xbd\x82\xef\xbd\x85\xef\xbd\x92netes",
			"kubernetes " },
	};
	struct lexicon *lx = words();

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct scan s;
		struct err e = { 0 };
		struct buf found = BUF_INIT(1000);

		assert_int_equal(
			scan_text(&s, lx, cases[i].text, strlen(cases[i].text), &e), 0);
		for (size_t k = 0; k < s.n; k++)
			for (const struct sense *x = lexeme_senses(&s.lex[k]); x != NULL;
				x = sense_next(x))
				buf_addf(&found, "%s ",
					sense_value(x) != NULL ? sense_value(x) : "-");
		assert_string_equal(found.ptr, cases[i].found);
		buf_release(&found);
		scan_release(&s);
	}
	lexicon_free(lx);
}

static void numbers_read_as_people_write_them(void **unused)
{
	static const struct {
		const char *text;
		double lo, hi;
	} cases[] = {
		{ "1,500", 1500, 1500 },
		{ "1.500", 1500, 1500 },
		{ "1 500", 1500, 1500 },
		{ "1'500", 1500, 1500 },
		{ "1.500,50", 1500.5, 1500.5 },
		{ "1,500.50", 1500.5, 1500.5 },
		{ "1.500.000", 1500000, 1500000 },
		{ "99,95", 99.95, 99.95 },
		{ "0.125", 0.125, 0.125 },
		{ "1.5k", 1500, 1500 },
		{ "2-4k", 2000, 4000 },
		{ "$2k - $4k", 2000, 4000 },
		{ "2 to 4 thousand", 2000, 4000 },
		{ "between 2 and 4k", 2000, 4000 },
		{ "two hundred", 200, 200 },
		{ "two thousand five hundred", 2500, 2500 },
		{ "five thousand", 5000, 5000 },
		{ "1.250k", 1250, 1250 },
		{ "3000-5000", 3000, 5000 },
		{ "5 - 3", 5, 5 },
		{ "12 000 000", 12000000, 12000000 },
	};
	struct lexer_words w = { CLS_NUMBER, CLS_SCALE, CLS_RANGE, CLS_BETWEEN };
	struct lexicon *lx = words();

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct scan s;
		struct err e = { 0 };
		struct numeral q;
		size_t at = 0;

		assert_int_equal(
			scan_text(&s, lx, cases[i].text, strlen(cases[i].text), &e), 0);
		while (at < s.n && !quantity_at(&s, &w, at, CLS_CUR, &q))
			at++;
		if (at == s.n || q.lo != cases[i].lo || q.hi != cases[i].hi)
			fail_msg("%s: %g to %g", cases[i].text, q.lo, q.hi);
		scan_release(&s);
	}
	lexicon_free(lx);
}

/* Each word of a number without an end would be read to its end. */
static void a_number_in_words_ends(void **unused)
{
	static const char part[] = "two hundred and ";
	struct lexer_words w = { CLS_NUMBER, CLS_SCALE, CLS_RANGE, CLS_BETWEEN };
	struct lexicon *lx = words();
	char text[300 * sizeof(part)] = "";
	struct scan s;
	struct err e = { 0 };
	struct numeral q;

	(void)unused;
	for (size_t i = 0; i < 300; i++)
		memcpy(text + i * (sizeof(part) - 1), part, sizeof(part));
	assert_int_equal(scan_text(&s, lx, text, strlen(text), &e), 0);
	assert_int_equal(quantity_at(&s, &w, 0, CLS_CUR, &q), 1);
	assert_true(q.next <= 128);
	scan_release(&s);
	lexicon_free(lx);
}

/* Wherever it begins, and however many indented lines lie inside it. */
static void a_phrase_is_found_at_every_place(void **unused)
{
	struct lexicon *lx = words();
	struct buf text = BUF_INIT(1 << 20);
	struct err e = { 0 };

	(void)unused;
	for (size_t before = 0; before < 300; before++)
		for (size_t lines = 1; lines < 1000; lines *= 6) {
			struct scan s;

			buf_reset(&text);
			for (size_t i = 0; i < before; i++)
				buf_add_str(&text, "x ");
			buf_add_str(&text, "cloud");
			for (size_t i = 0; i < lines; i++)
				buf_add_str(&text, "\n  ");
			buf_add_str(&text, "run");
			assert_int_equal(scan_text(&s, lx, text.ptr, text.len, &e), 0);
			assert_string_equal(
				lexeme_is(&s.lex[before], CLS_TECH), "cloud-run");
			assert_int_equal(s.lex[before].end, text.len);
			assert_int_equal(s.n, before + 2);
			assert_int_equal(s.n_lines, lines + 2);
			assert_int_equal(s.lines[0].last, before + 1);
			scan_release(&s);
		}
	buf_release(&text);
	lexicon_free(lx);
}

static void lexemes_know_their_place_in_the_text(void **unused)
{
	const char *text = "- <b>Z\xc3\xbcrich</b> &amp; \xe2\x82\xac"
			   "5k";
	struct lexicon *lx = words();
	struct scan s;
	struct err e = { 0 };

	(void)unused;
	assert_int_equal(scan_text(&s, lx, text, strlen(text), &e), 0);
	assert_int_equal(s.lex[0].src, 5);
	assert_int_equal(s.lex[0].end, 12);
	assert_true(lexeme_equals(&s, &s.lex[0], "zurich"));
	assert_true(s.lines[0].bullet);
	for (size_t i = 0; i < s.n; i++)
		assert_true(s.lex[i].end >= s.lex[i].src && s.lex[i].end <= strlen(text));
	scan_release(&s);
	lexicon_free(lx);
}

static void struck_and_hidden_text_is_marked(void **unused)
{
	struct lexicon *lx = words();
	struct scan s;
	struct err e = { 0 };
	const char *text = "a ~~kubernetes~~ \xd0\xb0 \xe2\x80\xae x";

	(void)unused;
	assert_int_equal(scan_text(&s, lx, text, strlen(text), &e), 0);
	assert_true(s.lex[1].flags & LEX_STRUCK);
	assert_true(s.odd & SCAN_BIDI);
	assert_true(s.odd & SCAN_HOMOGLYPH);
	scan_release(&s);
	lexicon_free(lx);
}

static void slips_of_spelling_find_their_word(void **unused)
{
	static const struct {
		const char *word;
		int found;
	} cases[] = {
		{ "kuberntes", 1 },
		{ "kubernets", 0 },
		{ "kuebrnetes", 1 },
		{ "kubernetesx", 0 },
		{ "cubernetes", 0 },
		{ "kubrntes", 0 },
	};
	struct lexicon *lx = words();

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct sense *x = lexicon_near(
			lx, cases[i].word, strlen(cases[i].word), CLS_TECH, CLS_TECH);

		if ((x != NULL) != cases[i].found)
			fail_msg("%s", cases[i].word);
	}
	lexicon_free(lx);
}

static void bad_phrases_are_named(void **unused)
{
	struct lexicon *lx = lexicon_new();
	struct err e = { 0 };

	(void)unused;
	assert_int_equal(lexicon_add(lx, "", CLS_TECH, NULL, 0, &e), -1);
	assert_int_equal(lexicon_add(lx, "a(b", CLS_TECH, NULL, 0, &e), -1);
	assert_non_null(strstr(e.msg, "')' is missing"));
	assert_int_equal(lexicon_add(lx, "a[b]", CLS_TECH, NULL, 0, &e), -1);
	assert_int_equal(e.code, ERR_CONFIG);
	lexicon_free(lx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(phrases_are_found_at_words),
		cmocka_unit_test(numbers_read_as_people_write_them),
		cmocka_unit_test(a_number_in_words_ends),
		cmocka_unit_test(a_phrase_is_found_at_every_place),
		cmocka_unit_test(lexemes_know_their_place_in_the_text),
		cmocka_unit_test(struck_and_hidden_text_is_marked),
		cmocka_unit_test(slips_of_spelling_find_their_word),
		cmocka_unit_test(bad_phrases_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
