/*
 * key.h - where a provider's key comes from.
 *
 * A key is named, never given: {"keys": {"anthropic": "file:/run/secrets/anthropic"}}
 * or "env:NAME" in the settings, --key-file, or the provider's usual variable. It goes
 * nowhere but into the request's header: not into argv, logs, errors, cassettes, core
 * dumps or other programs. Thread safety: one thread.
 */
#ifndef MLOPS_LLM_KEY_H
#define MLOPS_LLM_KEY_H

#include "session.h"

/* No core dump, no other process of this user may look into this one. */
void key_shield(void);

/* The key into out (empty: there is none). ERR_CONFIG for a file that others could
 * read, or for what cannot be a key. key_forget it afterwards. */
int key_find(struct llm_session *s, const char *provider, const cJSON *entry,
	struct buf *out, struct err *e);
void key_forget(struct buf *key); /* overwrites and releases */

#endif
