#include "diff/diff.h"

int main(int argc, char **argv)
{
	return filter_main(&diff_program, argc, argv);
}
