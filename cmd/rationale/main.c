#include "rationale/rationale.h"

int main(int argc, char **argv)
{
	return filter_main(&rationale_program, argc, argv);
}
