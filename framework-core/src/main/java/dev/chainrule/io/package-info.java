/** Files: the safetensors format for tensors, JSON for everything else, and writing either so that a crash leaves the old file. */
package dev.chainrule.io;
