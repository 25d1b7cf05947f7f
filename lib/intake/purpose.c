/* purpose.c - use_cases and workload_types. */
#include <stdlib.h>
#include <string.h>

#include "intake/internal.h"

/* "move our fraud scoring off X", "replace our churn model": what is moved or replaced
 * is still to be done. */
static int carried_over(const struct doc *d, size_t i)
{
	for (size_t k = clause_of(d, i).first; k < i; k++)
		if (is(d, k, LC_MOVEV) != NULL ||
			word_is(d, k,
				"replace|replaces|replaced|replacing|to replace|"
				"replacement for|successor to|successor of"))
			return 1;
	return 0;
}

static int denied(const struct doc *d, size_t i)
{
	unsigned st = status_of(d, i, i + 1);

	if (st & (ST_EXCLUDED | ST_NOTHING))
		return 1;
	return (st & ST_LEFT) != 0 && !carried_over(d, i);
}

static void use_add(struct reading *r, const char *id, size_t first, size_t last,
	const char *rule, double confidence)
{
	if (fact_with(r, "use_cases", id) == NULL)
		fact_add(r, "use_cases", NULL, id, 0, first, last, rule, confidence);
}

static void work_add(struct reading *r, const char *id, size_t first, size_t last,
	const char *rule, double confidence)
{
	if (fact_with(r, "workload_types", id) == NULL)
		fact_add(r, "workload_types", NULL, id, 0, first, last, rule, confidence);
}

/* Does the phrase at i hold the word? */
static int says(const struct doc *d, size_t i, const char *word)
{
	const struct lexeme *l = &d->s.lex[i];

	return memmem(d->s.norm + l->from, l->to - l->from, word, strlen(word)) != NULL;
}

/* What only looks like a use case: what is in place, complained of, or of the writer's trade. */
static int by_the_way(const struct doc *d, size_t i, const char *id)
{
	struct range seg = segment_of(d, i), c = clause_of(d, i);

	if (is(d, i, LC_USEDNOT) != NULL || is(d, i, LC_OPSDASH) != NULL)
		return 1;
	/* "retraining of a pricing model": what is trained is not what is served */
	if (strcmp(id, "inference") == 0 && says(d, i, "model"))
		for (size_t k = i; k > c.first && i - k < 5; k--)
			if (is(d, k - 1, LC_USE) != NULL &&
				strcmp(is(d, k - 1, LC_USE), "training") == 0)
				return 1;
	/* "churn dashboard", "fraud report": shown, not predicted */
	if (strcmp(id, "analytics") != 0 && strcmp(id, "vision") != 0 &&
		word_is(d, i + 1,
			"dashboard|dashboards|report|reports|reporting|rate|rates|kpi|"
			"kpis|figures|analysis|statistics|numbers"))
		return 1;
	/* "serving 2,000 customers", "the company serves ..." */
	if (word_is(d, i, "serving|serve|serves|served")) {
		for (size_t k = i + 1; k < i + 4 && k < seg.last; k++)
			if (is(d, k, LC_ROLENOUN) != NULL &&
				find(d, i, c.last, LC_USE) == i &&
				find(d, c.first, i, LC_USE) == NOT_FOUND &&
				!word_is(d, i - 1, "be|it|then|model|them|models"))
				return find(d, c.first, i, LC_ASK) == NOT_FOUND;
		if (word_is(d, i + 1, "as|time|the purpose|dinner|food|meals|lunch"))
			return 1;
	}
	/* "inspection trains take pictures" */
	if (strcmp(id, "training") == 0 && word_is(d, i, "train|trains") &&
		(word_is(d, i - 1,
			 "inspection|freight|passenger|regional|cargo|night|express|"
			 "commuter|goods") ||
			word_is(d, i + 1,
				"take|takes|run|runs|stop|stops|arrive|arrives|"
				"station|stations|line|lines|driver|drivers|"
				"operator|tickets|delays|schedule")))
		return 1;
	if (strcmp(id, "training") == 0 &&
		(word_is(d, i + 1,
			 "course|courses|data|set|sets|dataset|budget|material|materials|"
			 "sessions|time|costs|days|provider|wheels|centre|center") ||
			word_is(d, i - 1,
				"employee|staff|user|fitness|safety|your|users'|customer|"
				"language")))
		return 1;
	/* "lecture videos" whose words matter */
	if (strcmp(id, "vision") == 0 && word_is(d, i, "video|videos"))
		for (size_t k = c.first; k < c.last; k++)
			if (word_is(d, k,
				    "subtitle|subtitles|transcript|transcripts|captions|"
				    "e-learning|lecture|lectures|tutorial|tutorials"))
				return 1;
	if (strcmp(id, "vision") == 0 &&
		word_is(d, i, "image|images|picture|photo|video|scan|scanned")) {
		if (word_is(d, i - 1,
			    "docker|container|base|brand|machine|public|disk") ||
			word_is(d, i + 1,
				"registry|registries|call|conference|size|of the "
				"company"))
			return 1;
	}
	if (strcmp(id, "fraud") == 0 && word_is(d, i + 1, "department|team|office"))
		return find(d, c.first, c.last, LC_ASK) == NOT_FOUND;
	if (strcmp(id, "analytics") == 0 &&
		(word_is(d, i, "reporting|bi|analytics") || says(d, i, "dashboard"))) {
		if (word_is(d, i + 1,
			    "team|tool|tools|department|license|licence|engineer|"
			    "engineers|background|to"))
			return 1;
		if (find(d, seg.first, seg.last, LC_TECH) != NOT_FOUND) {
			size_t k = find(d, seg.first, seg.last, LC_TECH);
			const struct technology *t =
				vocabulary_technology(d->v, is(d, k, LC_TECH));

			if (t != NULL && t->category == TECH_OBSERVABILITY)
				return 1;
		}
		if (word_is(d, i - 1,
			    "monitoring|ops|operations|health|operational|system|latency|"
			    "grafana|metrics|drift"))
			return 1;
		/* "logs, dashboards and alerts": for those who run it */
		if (says(d, i, "dashboard") &&
			(find(d, seg.first, c.last, LC_DOWNTIME) != NOT_FOUND))
			return 1;
		for (size_t k = c.first; k < c.last; k++)
			if (says(d, i, "dashboard") &&
				word_is(d, k,
					"traces|logs|logging|alerts|alerting|monitoring|"
					"observability|metrics|uptime|on-call"))
				return find(d, c.first, c.last, LC_CHATBOT) ==
					NOT_FOUND &&
					!word_is(d, k + 1, "for sales|for finance");
	}
	return 0;
}

/* A model that exists already: "trained", "has trained" are in LC_USEDNOT as phrases. */
static int past_training(const struct doc *d, size_t i)
{
	struct range c = clause_of(d, i);

	if (!word_is(d, i, "trained|fine-tuned|fine tuned|finetuned"))
		return 0;
	for (size_t k = i; k > c.first && i - k < 6; k--)
		if (word_is(d, k - 1,
			    "has|have|had|was|already|is|are|been|were|we|team|group|"
			    "vendor"))
			return find(d, c.first, c.last, LC_WORKLOAD) == NOT_FOUND &&
				find(d, c.first, i, LC_ASK) == NOT_FOUND &&
				!word_is(d, k - 1, "be") &&
				find(d, c.first, c.last, LC_SCHED) == NOT_FOUND;
	/* "a model trained on ..." */
	return word_is(d, i + 1, "already|on|by|in|last|before");
}

/* Predictions whose object is a forecast ("predict demand") are listed as phrases; the rest
 * of the words for them say nothing of their own beside these. */
static int part_of(const struct doc *d, size_t i, const char *id)
{
	struct range c = clause_of(d, i);

	if (strcmp(id, "inference") != 0)
		return 0;
	if (is(d, i, LC_SCOREWORD) != NULL &&
		word_is(d, i - 1, "credit|nps|csat|test|brix"))
		return find(d, c.first, c.last, LC_ASK) == NOT_FOUND;
	if (word_is(d, i,
		    "predict|predicts|predicting|prediction|predictions|predicted|"
		    "predictive")) {
		for (size_t k = i + 1; k < i + 5 && k < c.last; k++)
			if (is(d, k, LC_QUANTITY) != NULL)
				return 2;
		if (i > 0 && is(d, i - 1, LC_QUANTITY) != NULL)
			return 2;
	}
	return 0;
}

/* Moderation in a sentence of pictures or videos and no text. */
static int of_pictures(const struct doc *d, size_t i)
{
	struct range s = sentence_of(d, i);
	int pictures = 0;

	for (size_t k = s.first; k < s.last; k++) {
		if (is(d, k, LC_TEXTNOUN) != NULL)
			return 0;
		pictures |= is(d, k, LC_USE) != NULL &&
			strcmp(is(d, k, LC_USE), "vision") == 0;
	}
	return pictures;
}

static int is_model(const struct doc *d, size_t i)
{
	return word_is(d, i,
		"model|models|classifier|classifiers|detector|recommender|network|"
		"checkpoint|llm|llms|"
		"predictor|regressor|ranker|embedding model|text classifier");
}

/* A model that is to be hosted, deployed or run behind an endpoint is served. */
static void hosted_model(const struct doc *d, struct reading *r)
{
	for (size_t i = 0; i < d->s.n; i++) {
		struct range s;
		int model = 0;

		if (d->at[i].dead)
			continue;
		if (word_is(d, i, "endpoint|endpoints") && i > 0 &&
			is(d, i - 1, LC_USE) != NULL && !denied(d, i)) {
			use_add(r, "inference", i - 1, i + 1, "use.endpoint", 0.75);
			continue;
		}
		if (!word_is(d, i,
			    "host|hosted|hosting|hosted on|hosted in|served with|"
			    "deployed on|deployed to|"
			    "deploy|deployed|deploying|deployment|"
			    "expose|exposed|productionise|"
			    "productionize|productionised|productionized|operationalise|"
			    "operationalize"))
			continue;
		s = sentence_of(d, i);
		for (size_t k = s.first; k < s.last; k++)
			model |= (is_model(d, k) ||
					 (is(d, k, LC_USE) != NULL &&
						 strcmp(is(d, k, LC_USE), "finetuning") ==
							 0)) &&
				!d->at[k].dead;
		/* "it", of a model in the sentence before */
		if (!model &&
			(word_is(d, i - 1, "it|them") || word_is(d, i + 1, "it|them")) &&
			d->at[i].sentence > 0) {
			const struct sentence *p = &d->sent[d->at[i].sentence - 1];

			for (size_t k = p->first; k < p->last; k++)
				model |= is_model(d, k) && !d->at[k].dead;
		}
		if (model && !denied(d, i) && is(d, i + 1, LC_HOSTING) == NULL)
			use_add(r, "inference", i, i + 1, "use.hosted-model", 0.8);
	}
}

/* Something written in [first, i), and nothing that is looked at. */
static int word_before(const struct doc *d, size_t first, size_t i)
{
	int text = 0;

	for (size_t k = first; k < i; k++) {
		const char *use = is(d, k, LC_USE);

		if (use != NULL && strcmp(use, "vision") == 0)
			return 0;
		text |= is(d, k, LC_TEXTNOUN) != NULL ||
			word_is(d, k,
				"request|requests|question|questions|entries|"
				"submissions|statements|texts|forms|petitions");
	}
	return text;
}

/* Does the sentence of i say that something is written freely? */
static int free_text(const struct doc *d, size_t i)
{
	struct range s = sentence_of(d, i);

	for (size_t k = s.first; k < s.last; k++)
		if (word_is(d, k, "free text|free-text|freetext") ||
			(word_is(d, k, "free") && word_is(d, k + 1, "text|texts")) ||
			(word_is(d, k, "free") && sign_is(d, k + 1, '-') &&
				word_is(d, k + 2, "text")))
			return 1;
	return 0;
}

/* "stock reports for the buyers in Looker": what is looked at in such a tool */
static void reports_in_tools(const struct doc *d, struct reading *r)
{
	for (size_t i = 0; i < d->s.n; i++) {
		struct range c;

		if (d->at[i].dead || !d->at[i].entity || is(d, i, LC_TECH) == NULL)
			continue;
		/* "then BigQuery for reports" */
		if (word_is(d, i + 1, "for") && word_is(d, i + 2, "reports|reporting"))
			use_add(r, "analytics", i + 1, i + 3, "use.reports", 0.75);
		if (!word_is(d, i,
			    "looker|looker studio|tableau|power bi|powerbi|metabase|"
			    "superset|apache superset|quicksight|quick sight|"
			    "amazon quicksight"))
			continue;
		c = segment_of(d, i);
		for (size_t k = c.first; k < i; k++)
			if (word_is(d, k,
				    "report|reports|chart|charts|figures|overview|"
				    "overviews|numbers") &&
				!d->at[k].dead) {
				use_add(r, "analytics", k, i + 1, "use.reports", 0.8);
				return;
			}
	}
}

/* "classify 12k incoming emails", "ticket routing": work on text; the same on images is
 * vision's already. */
static void text_work(const struct doc *d, struct reading *r)
{
	for (size_t i = 0; i < d->s.n; i++) {
		struct range c;
		size_t k;

		if (d->at[i].dead || is(d, i, LC_CLASSIFY) == NULL ||
			is(d, i, LC_USEDNOT) != NULL || denied(d, i))
			continue;
		c = clause_of(d, i);
		for (k = i + 1; k < c.last && k < i + 8; k++)
			if (is(d, k, LC_TEXTNOUN) != NULL ||
				(is(d, k, LC_USE) != NULL &&
					strcmp(is(d, k, LC_USE), "vision") == 0))
				break;
		if (k < c.last && k < i + 8 && is(d, k, LC_TEXTNOUN) != NULL &&
			!word_is(d, i,
				"flag|flags|flagged|flagging|detect|detects|detected|"
				"detecting|sort|sorts|filter|filters"))
			use_add(r, "nlp", i, k + 1, "use.text-work", 0.8);
		/* "reads the logs and sorts them into codes" */
		else if (word_is(d, i + 1, "them|it|these|those") &&
			word_is(d, i + 2, "into|by|as|to") &&
			(find(d, c.first, i, LC_TEXTNOUN) != NOT_FOUND ||
				find_in_sentence(d, i, LC_CORPUS) != NOT_FOUND))
			use_add(r, "nlp", i, i + 3, "use.text-work", 0.7);
		/* "posts ... classified by urgency", "requests have to be classified by topic" */
		else if (word_is(d, i,
				 "classified|categorised|categorized|tagged|"
				 "labelled|labeled|sorted|triaged|prioritised|"
				 "prioritized|routed") &&
			word_is(d, i + 1, "by|into|according to|as|to") &&
			word_before(d, c.first, i))
			use_add(r, "nlp", i, i + 2, "use.text-work", 0.7);
		/* "descriptions are free text and need a code (classification)" */
		else if (word_is(d, i, "classification|classifier|classified|classify") &&
			free_text(d, i))
			use_add(r, "nlp", i, i + 1, "use.text-work", 0.75);
		else if (i > c.first && is(d, i - 1, LC_TEXTNOUN) != NULL &&
			!(word_is(d, i, "triage") && word_is(d, i - 1, "claim|claims")) &&
			word_is(d, i,
				"classification|classifier|routing|triage|tagging|"
				"labelling|labeling|categorisation|"
				"categorization|parsing|understanding|classifiers"))
			use_add(r, "nlp", i - 1, i + 1, "use.text-work", 0.85);
	}
}

/* "answer the analysts' questions", "questions on our leave rules are answered" */
static int answers_questions(const struct doc *d, size_t i)
{
	struct range c = segment_of(d, i);

	if (!word_is(d, i, "answer|answers|answering|answered|respond to|reply to"))
		return 0;
	for (size_t k = i + 1; k < c.last && k < i + 7; k++)
		if (word_is(d, k, "question|questions|queries|enquiries|inquiries"))
			return 1;
	return 0;
}

/* A "bot" that nobody asks anything and that answers nothing only works by itself. */
static int silent_bot(const struct doc *d, size_t i)
{
	if (!word_is(d, i, "bot|bots"))
		return 0;
	for (size_t k = 0; k < d->s.n; k++)
		if (k != i &&
			(is(d, k, LC_CHATBOT) != NULL ||
				(is(d, k, LC_CORPUS) != NULL &&
					!word_is(d, k,
						"pdf|pdfs|document|documents|file|files|"
						"ticket|tickets|contract|contracts")) ||
				word_is(d, k,
					"question|questions|answer|answers|answering|ask|"
					"asks|chat|chats|faq|replies|reply|wiki|slack|"
					"teams|handbook|manual|manuals|talk|tutor|"
					"conversation|conversations|small talk")) &&
			!word_is(d, k, "bot|bots"))
			return 0;
	return 1;
}

static void read_uses(const struct doc *d, struct reading *r)
{
	size_t bot = NOT_FOUND, corpus = NOT_FOUND, train = NOT_FOUND;
	int tuned = 0, nlp_bot = 0;

	for (size_t i = 0; i < d->s.n; i++) {
		int part;
		const struct sense *s;

		if (d->at[i].dead)
			continue;
		if ((is(d, i, LC_CHATBOT) != NULL || answers_questions(d, i)) &&
			!silent_bot(d, i) && bot == NOT_FOUND && !denied(d, i) &&
			is(d, i, LC_USEDNOT) == NULL &&
			!(word_is(d, i, "assistant|assistants") &&
				is(d, i, LC_ROLENOUN) != NULL &&
				d->s.lex[i - (i > 0)].kind == LEX_NUMBER))
			bot = i;
		for (s = lexeme_senses(&d->s.lex[i]); s != NULL; s = sense_next(s)) {
			const char *id = sense_value(s);

			if (s->cls != LC_USE || by_the_way(d, i, id) ||
				past_training(d, i))
				continue;
			if (strcmp(id, "vision") == 0 && d->at[i].entity)
				continue; /* AWS X-Ray */
			if (strcmp(id, "nlp") == 0 && says(d, i, "moderat") &&
				of_pictures(d, i))
				continue;
			if (strcmp(id, "nlp") == 0 && i > 0 &&
				is(d, i - 1, LC_USE) != NULL &&
				strcmp(is(d, i - 1, LC_USE), "vision") == 0)
				continue; /* "image moderation" */
			part = part_of(d, i, id);
			if (part == 1)
				continue;
			if (denied(d, i))
				continue;
			if (part == 2)
				id = "forecasting";
			if (strcmp(id, "finetuning") == 0)
				tuned = 1;
			if (strcmp(id, "training") == 0) {
				if (train == NOT_FOUND)
					train = i;
				continue;
			}
			use_add(r, id, i, i + 1, "use.named", 0.85);
		}
	}
	text_work(d, r);
	reports_in_tools(d, r);
	hosted_model(d, r);
	if (train != NOT_FOUND &&
		!(tuned &&
			find(d, clause_of(d, train).first, clause_of(d, train).last,
				LC_USE) != train))
		use_add(r, "training", train, train + 1, "use.training", 0.85);
	if (bot != NOT_FOUND && fact_with(r, "use_cases", "rag") == NULL) {
		for (size_t i = 0; i < d->s.n && corpus == NOT_FOUND; i++)
			if (d->at[i].dead == 0 && is(d, i, LC_CORPUS) != NULL &&
				is(d, i, LC_CHATBOT) == NULL && !denied(d, i))
				corpus = i;
		if (corpus != NOT_FOUND ||
			fact_get(r, "throughput", "documents") != NULL) {
			use_add(r, "rag", bot, bot + 1, "use.answers-over-documents",
				0.85);
		} else {
			use_add(r, "nlp", bot, bot + 1, "use.chatbot", 0.7);
			nlp_bot = 1;
		}
	}
	/* answers over documents are RAG alone, unless a model is hosted or text is worked on as well */
	if (fact_with(r, "use_cases", "rag") != NULL && !nlp_bot) {
		const struct fact *f = fact_with(r, "use_cases", "inference");
		const struct fact *n = fact_with(r, "use_cases", "nlp");

		if (f != NULL &&
			word_is(d, f->first,
				"serve|serves|served|serving|prediction|predictions|"
				"scores|scored|score") &&
			find(d, clause_of(d, f->first).first, clause_of(d, f->first).last,
				LC_CHATBOT) != NOT_FOUND)
			fact_drop(r, "use_cases", NULL, "inference");
		if (n != NULL &&
			word_is(d, n->first,
				"language "
				"model|summary|summaries|extract|extracts|extracted|"
				"translate|translates|translated|text generation"))
			fact_drop(r, "use_cases", NULL, "nlp");
	}
}

/* ---- workload ---- */

static int near_class(const struct doc *d, size_t i, unsigned cls, size_t reach)
{
	struct range s = sentence_of(d, i);

	for (size_t k = i > s.first + reach ? i - reach : s.first;
		k < i + reach + 1 && k < s.last; k++)
		if (k != i && is(d, k, cls) != NULL)
			return 1;
	return 0;
}

static int schedule(const struct doc *d, size_t i)
{
	struct range line = sentence_of(d, i);

	for (size_t k = line.first; k < i && k < line.first + 3; k++)
		if (word_is(d, k,
			    "frequency|schedule|cadence|interval|rhythm|cycle|runs|mode|"
			    "run|refresh|retraining"))
			return 1;
	if (word_is(d, i, "monthly|quarterly|yearly|annually|annual") &&
		find(d, segment_of(d, i).first, segment_of(d, i).last, LC_CUR) !=
			NOT_FOUND)
		return 0;
	if (is(d, i + 1, LC_ASKPOST) != NULL)
		return 1; /* "weekly is fine" */
	/* an item of its own: "5 stores, 2,000 SKUs, weekly" */
	line = segment_of(d, i);
	while (line.last > i + 1 && d->s.lex[line.last - 1].kind == LEX_SIGN)
		line.last--;
	if (line.last - line.first <= 1 + (size_t)sign_is(d, line.first, ',') &&
		find(d, sentence_of(d, i).first, sentence_of(d, i).last, LC_CUR) ==
			NOT_FOUND)
		return 1;
	for (size_t k = i + 1; k < i + 4; k++) {
		if (is(d, k, LC_SCHEDJOB) != NULL)
			return !word_is(d, k, "run|running") ||
				!word_is(d, k + 1, "cost|costs|rate|budget");
		if (word_is(d, k, "cost|costs") && is(d, k + 1, LC_SCHEDJOB) != NULL)
			return 1;
		if (!is_word(d, k) ||
			word_is(d, k,
				"active|requests|budget|events|volume|users|standup|sync|"
				"meeting|cost|costs|limit|traffic|peak"))
			break;
	}
	for (size_t k = i; k > 0 && i - k < 6; k--) {
		if (is(d, k - 1, LC_SCHEDJOB) != NULL)
			return 1;
		if (!is_word(d, k - 1) && !sign_is(d, k - 1, '(') &&
			!sign_is(d, k - 1, ',') && !d->at[k - 1].entity)
			break;
	}
	return 0;
}

/* "one reading every 15 minutes", "meters report every 15 minutes": what flows in. */
static int readings(const struct doc *d, size_t i)
{
	struct range c = clause_of(d, i);

	for (size_t k = i; k > c.first && i - k < 5; k--)
		if (word_is(d, k - 1,
			    "reading|readings|measurement|measurements|ping|pings|"
			    "position|positions|value|values|sample|samples|heartbeat|"
			    "message|messages|sends|send|transmit|transmits|emits|emit"))
			return 1;
	return 0;
}

/* "every 6 h", "every 15 minutes" next to work that is done. */
static int every_period(const struct doc *d, size_t i)
{
	struct numeral q;
	const char *t;

	if (!word_is(d, i, "every|each"))
		return 0;
	if (!quantity_at(&d->s, &d->words, i + 1, LC_CUR, &q) || readings(d, i))
		return 0;
	t = is(d, q.next, LC_TIME);
	return t != NULL && q.hi * strtod(t, NULL) >= 300;
}

/* Is the time said to be that of a response? */
static int answers(const struct doc *d, size_t i)
{
	struct range s = sentence_of(d, i);

	for (size_t k = s.first; k < s.last; k++)
		if (word_is(d, k,
			    "response|responses|respond|responds|answer|answers|reply|"
			    "replies|page|website|app|reader|shopper|visitor|browser|"
			    "response within|response time|answer time"))
			return 1;
	return 0;
}

/* What only looks like a kind of work: "schedule a call", a streaming service. */
static int no_work(const struct doc *d, size_t i, const char *w)
{
	if (strcmp(w, "batch") == 0 && is(d, i, LC_NIGHTLY) == NULL &&
		word_is(d, i, "schedule|scheduled|schedules") &&
		!near_class(d, i, LC_SCHEDJOB, 4))
		return 1;
	if (strcmp(w, "batch") == 0 &&
		word_is(d, i, "bulk|at night|schedule|schedules") &&
		find(d, clause_of(d, i).first, clause_of(d, i).last, LC_PEOPLE) !=
			NOT_FOUND)
		return 1;
	/* "1,100 a second at month end" */
	if (strcmp(w, "batch") == 0 &&
		word_is(d, i,
			"month-end|quarter-end|end-of-day|"
			"month end|quarter end|end of day|"
			"at night|in the night") &&
		(near_class(d, i, LC_RATE, 5) ||
			(near_class(d, i, LC_TIME, 4) && near_class(d, i, LC_PER, 5))))
		return 1;
	/* "2,500 per second Friday night" */
	if (strcmp(w, "batch") == 0 && says(d, i, "night") && !says(d, i, "nightly") &&
		is(d, i, LC_NIGHTLY) == NULL && i > 1 && is(d, i - 1, LC_TIME) != NULL &&
		is(d, i - 2, LC_PER) != NULL)
		return 1;
	if (strcmp(w, "batch") == 0 && word_is(d, i, "batch") &&
		word_is(d, i + 1, "report|reports|record|records|number|numbers|size"))
		return 1; /* of a factory */
	return strcmp(w, "streaming") == 0 && word_is(d, i, "stream|streams|streaming") &&
		((word_is(d, i - 1, "video|music|revenue|work|audio") &&
			 !word_is(d, i + 1, "from|of|coming")) ||
			(word_is(d, i + 1,
				 "service|platform|provider|company|site|subscribers|app|"
				 "apps|business|startup") &&
				!word_is(d, i - 1, "log|live")));
}

/* "an API", not a vendor's, nor its keys */
static int own_api(const struct doc *d, size_t i)
{
	return is(d, i, LC_APIWORD) != NULL && is(d, i, LC_APINEG) == NULL &&
		!word_is(d, i + 1, "key|keys|token|gateway|costs|docs|of") &&
		!(d->at[i - (i > 0)].entity && is(d, i - 1, LC_TECH) != NULL &&
			!word_is(d, i - 1, "fastapi")) &&
		!word_is(d, i - 1, "their|openai|external|vendor|party");
}

/* "As-is: a job copies it once a day": that is not what is to be built */
static int as_is(const struct doc *d, size_t i)
{
	struct range s = sentence_of(d, i);

	for (size_t k = s.first; k < i && k < s.first + 4; k++)
		if (sign_is(d, k, ':') || d->s.lex[k].kind == LEX_CELL)
			return word_is(d, k - 1, "as-is|as is|status quo|current state");
	return 0;
}

static void named_work(const struct doc *d, struct reading *r)
{
	for (size_t i = 0; i < d->s.n; i++) {
		const char *w = is(d, i, LC_WORKLOAD);

		if (d->at[i].dead || as_is(d, i))
			continue;
		if (is(d, i, LC_SCHED) != NULL && schedule(d, i) && !denied(d, i))
			work_add(r, "batch", i, i + 1, "work.schedule", 0.85);
		if (word_is(d, i, "every|each|once every|once per") && readings(d, i) &&
			!denied(d, i))
			work_add(r, "streaming", i, i + 1, "work.readings", 0.75);
		if (every_period(d, i) && !denied(d, i))
			work_add(r, "batch", i, i + 3, "work.schedule", 0.8);
		if (own_api(d, i) && !denied(d, i))
			work_add(r, "online", i, i + 1, "work.api", 0.8);
		if (w != NULL && !no_work(d, i, w) && !denied(d, i))
			work_add(r, w, i, i + 1, "work.named", 0.85);
	}
}

/* The evidence of one fact is that of the work that it implies. */
static void work_of(struct reading *r, const char *id, const struct fact *f,
	const char *rule, double confidence)
{
	if (f != NULL)
		work_add(r, id, f->first, f->last, rule, confidence);
}

static void implied_by_figures(const struct doc *d, struct reading *r)
{
	const struct fact *latency;

	if (r->request_rate)
		work_of(r, "online", fact_get(r, "throughput", "requests_per_second"),
			"work.request-rate", 0.9);
	latency = fact_get(r, "sla_latency_ms", NULL); /* adding moves the facts */
	/* where events stream in and nothing is requested, the time is an event's */
	if (r->latency_on_requests && latency != NULL &&
		!(r->event_rate_fast && !r->request_rate &&
			find_in_sentence(d, latency->first, LC_REQNOUN) == NOT_FOUND &&
			!answers(d, latency->first)))
		work_of(r, "online", latency, "work.latency", 0.8);
	if (r->event_rate_fast)
		work_of(r, "streaming", fact_get(r, "throughput", "events_per_second"),
			"work.event-rate", 0.8);
}

static void implied_by_uses(const struct doc *d, struct reading *r)
{
	size_t bot = find(d, 0, d->s.n, LC_CHATBOT);
	int offline = find(d, 0, d->s.n, LC_OFFLINE) != NOT_FOUND;
	const struct fact *rag = fact_with(r, "use_cases", "rag");

	if (rag != NULL && !offline)
		work_of(r, "online", rag, "work.assistant", 0.85);
	else if (!offline && bot != NOT_FOUND &&
		fact_with(r, "use_cases", "nlp") != NULL && !denied(d, bot))
		work_add(r, "online", bot, bot + 1, "work.assistant", 0.8);
	work_of(r, "batch", fact_with(r, "use_cases", "finetuning"), "work.training",
		0.85);
	work_of(r, "batch", fact_with(r, "use_cases", "training"), "work.training", 0.85);
}

/* "Batch only" takes the rest away, or contradicts a time for answers. */
static void batch_only(const struct doc *d, struct reading *r)
{
	size_t only = find(d, 0, d->s.n, LC_BATCHONLY);
	const struct fact *online = fact_with(r, "workload_types", "online");
	const struct fact *latency = fact_get(r, "sla_latency_ms", NULL);

	int contradicts = online != NULL && latency != NULL;

	if (only == NOT_FOUND)
		return;
	if (contradicts)
		conflict_add(r, "sla_latency_ms", "workload_types", latency->first,
			latency->last, only, only + 1,
			"batch only, and yet requests are to be answered in time");
	work_add(r, "batch", only, only + 1, "work.batch-only", 0.95);
	fact_drop(r, "workload_types", NULL, "online");
	fact_drop(r, "workload_types", NULL, "streaming");
}

static void read_work(const struct doc *d, struct reading *r)
{
	named_work(d, r);
	implied_by_figures(d, r);
	implied_by_uses(d, r);
	batch_only(d, r);
	if (find(d, 0, d->s.n, LC_NOSTREAM) != NOT_FOUND)
		fact_drop(r, "workload_types", NULL, "streaming");
}

/* Nothing but "a model" that requests are made to: it is served. */
static void bare_model(const struct doc *d, struct reading *r)
{
	if (fact_get(r, "use_cases", NULL) != NULL ||
		(!r->request_rate && !r->latency_on_requests))
		return;
	for (size_t i = 0; i < d->s.n; i++)
		if (word_is(d, i, "model|models|classifier|predictor|ranker") &&
			d->at[i].dead == 0 && !denied(d, i)) {
			use_add(r, "inference", i, i + 1, "use.model", 0.55);
			return;
		}
}

void read_purpose(const struct doc *d, struct reading *r)
{
	read_uses(d, r);
	bare_model(d, r);
	read_work(d, r);
}
