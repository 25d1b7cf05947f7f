/* The repository as one file: "# v2 git bundle", references, an empty line, a pack. */
#include "internal.h"

#include <git2/sys/odb_backend.h>
#include <string.h>

static const char head[] = "# v2 git bundle\n";

static int pack(struct repo *r, const git_oid *tip, git_buf *out, struct err *e)
{
	git_packbuilder *pb = NULL;
	git_revwalk *walk = NULL;
	int ret = 0;

	if (git_packbuilder_new(&pb, r->git) < 0 || git_revwalk_new(&walk, r->git) < 0 ||
		git_revwalk_push(walk, tip) < 0 ||
		git_packbuilder_insert_walk(pb, walk) < 0 ||
		git_packbuilder_write_buf(out, pb) < 0)
		ret = repo_fault(e, ERR_IO, "pack the history");
	git_revwalk_free(walk);
	git_packbuilder_free(pb);
	return ret;
}

int repo_bundle(struct repo *r, struct buf *out, struct err *e)
{
	char hex[REPO_ID_MAX];
	git_buf packed = { 0 };
	git_oid tip;
	int ret;

	if (git_reference_name_to_id(&tip, r->git, REPO_BRANCH) < 0)
		return repo_fault(e, ERR_NO_INPUT, "find " REPO_BRANCH);
	ret = pack(r, &tip, &packed, e);
	if (ret == 0) {
		git_oid_tostr(hex, sizeof(hex), &tip);
		buf_addf(out, "%s%s " REPO_BRANCH "\n%s HEAD\n\n", head, hex, hex);
		buf_add(out, packed.ptr, packed.size);
		ret = buf_ok(out, e);
	}
	git_buf_dispose(&packed);
	return ret;
}

static int unpack(struct repo *r, const char *data, size_t len, struct err *e)
{
	git_odb *odb = NULL;
	git_odb_writepack *to = NULL;
	git_indexer_progress progress = { 0 };
	int ret = 0;

	if (git_repository_odb(&odb, r->git) < 0 ||
		git_odb_write_pack(&to, odb, NULL, NULL) < 0 ||
		to->append(to, data, len, &progress) < 0 || to->commit(to, &progress) < 0)
		ret = repo_fault(e, ERR_INPUT, "read the bundle's pack");
	if (to != NULL)
		to->free(to);
	git_odb_free(odb);
	return ret;
}

/* The commit of the branch among the references, and where the pack begins. */
static int read_head(
	const char *text, size_t len, git_oid *tip, size_t *pack_at, struct err *e)
{
	static const char ref[] = " " REPO_BRANCH "\n";
	const char *end = memmem(text, len < 4096 ? len : 4096, "\n\n", 2);
	const char *at = end == NULL
		? NULL
		: memmem(text, (size_t)(end - text) + 1, ref, sizeof(ref) - 1);

	if (at == NULL || memcmp(text, head, sizeof(head) - 1) != 0 ||
		(size_t)(at - text) < sizeof(head) - 1 + REPO_ID_MAX - 1 ||
		git_oid_fromstrn(tip, at - (REPO_ID_MAX - 1), REPO_ID_MAX - 1) < 0)
		return err_set(e, ERR_INPUT, "this is no git bundle with " REPO_BRANCH);
	*pack_at = (size_t)(end - text) + 2;
	return 0;
}

int repo_unbundle(struct repo *r, const void *bundle, size_t len, struct err *e)
{
	git_reference *main = NULL;
	size_t pack_at;
	git_oid tip;
	int ret = 0;

	if (read_head(bundle, len, &tip, &pack_at, e) < 0 ||
		unpack(r, (const char *)bundle + pack_at, len - pack_at, e) < 0)
		return -1;
	if (git_reference_create(&main, r->git, REPO_BRANCH, &tip, 1, "bundle") < 0)
		ret = repo_fault(e, ERR_INPUT, "set " REPO_BRANCH);
	git_reference_free(main);
	return ret;
}
