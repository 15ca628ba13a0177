// Threads on cores of their own: shared by the programs in C and, as a module, by those in Swift.
#pragma once

// Lets the calling thread run on one of the process's cores only, counted from zero; ends the program if there are
// fewer.
void pin_to_core(int index);
