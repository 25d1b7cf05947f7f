#include "gate/gate.h"

int main(int argc, char **argv)
{
	return filter_main(&gate_program, argc, argv);
}
