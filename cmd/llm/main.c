#include "llm/llm.h"

int main(int argc, char **argv)
{
	return llm_main(argc, argv);
}
