/* What the files of this room share; nobody else includes it. */
#ifndef MLOPS_REPO_INTERNAL_H
#define MLOPS_REPO_INTERNAL_H

#include <git2.h>

#include "repo.h"

#define REPO_BRANCH "refs/heads/main"

/*
 * Objects are written through a view of the repository that knows loose objects only:
 * before each write libgit2 asks every backend whether the object is there, and the one
 * for packs reads its directory anew each time. Compression is the fastest that libgit2
 * reads again (it cannot inflate what was only stored).
 */
struct repo {
	git_repository *git, *objects;
};

/* What libgit2 says went wrong, as "git: cannot WHAT: ...". */
int repo_fault(struct err *e, enum err_code code, const char *what);

#endif
