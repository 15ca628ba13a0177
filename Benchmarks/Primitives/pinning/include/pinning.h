// Pins threads to cores; used by the C programs and, as a module, by the Swift programs.
#pragma once

// Pins the calling thread to one of the process's cores, counted from zero; ends the program if there are fewer.
void pin_to_core(int index);
