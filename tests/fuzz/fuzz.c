/* libFuzzer's entry: FUZZ_TARGET names one of the targets. make fuzz runs all. */
#include "targets.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static fuzz_target *run;
	const char *name = getenv("FUZZ_TARGET");

	for (size_t i = 0; run == NULL && name != NULL && i < ARRAY_LEN(fuzz_targets);
		i++)
		if (strcmp(fuzz_targets[i].name, name) == 0)
			run = fuzz_targets[i].run;
	LAW(run != NULL);
	run((const char *)data, len);
	return 0;
}
