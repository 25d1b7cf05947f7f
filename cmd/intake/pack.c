/* pack.c - the vocabulary compiled ahead of time, as tools/pack-lexicon.c wrote it. */
#include "catalog/lexicon.h"

#ifdef LEXICON_PACK
__asm__(".section .rodata\n"
	".balign 16\n"
	".global lexicon_pack\n"
	"lexicon_pack:\n"
	".incbin \"" LEXICON_PACK "\"\n"
	".global lexicon_pack_end\n"
	"lexicon_pack_end:\n"
	".byte 0\n"
	".previous\n");
#endif
