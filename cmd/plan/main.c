#include "plan/plan.h"

int main(int argc, char **argv)
{
	return filter_main(&plan_program, argc, argv);
}
