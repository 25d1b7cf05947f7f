/*
 * llm.h - the one guarded door to model providers.
 *
 * mlops-llm is the only program that talks to one: a request document on stdin
 * (share/schemas/llm-request.schema.json), one schema-checked answer document on
 * stdout (llm-answer.schema.json). Nodes do not include this; they spawn the program
 * (state/model.h), so that no other process holds a key or links libcurl.
 */
#ifndef MLOPS_LLM_H
#define MLOPS_LLM_H

/* The whole life of a mlops-llm process; the value is main's. */
int llm_main(int argc, char **argv);

#endif
