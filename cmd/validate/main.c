#include "validate/validate.h"

int main(int argc, char **argv)
{
	return filter_main(&validate_program, argc, argv);
}
