/** NVIDIA's GPUs as devices: JCuda for what is set up once, the foreign function interface for what happens in every run. */
package dev.chainrule.backend.cuda;
