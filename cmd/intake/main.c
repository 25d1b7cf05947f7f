#include "intake/intake.h"

int main(int argc, char **argv)
{
	return filter_main(&intake_program, argc, argv);
}
