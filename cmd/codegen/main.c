#include "codegen/codegen.h"

int main(int argc, char **argv)
{
	return filter_main(&codegen_program, argc, argv);
}
