#include "policy/policy.h"

int main(int argc, char **argv)
{
	return filter_main(&policy_program, argc, argv);
}
