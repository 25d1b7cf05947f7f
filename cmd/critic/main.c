#include "critic/critic.h"

int main(int argc, char **argv)
{
	return filter_main(&critic_program, argc, argv);
}
