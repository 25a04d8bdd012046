/** NVIDIA's GPUs as devices: JCuda for what is set up once, the foreign function interface for what happens in every run. */
@Stability(Stability.Level.INTERNAL)
package dev.chainrule.backend.cuda;

import dev.chainrule.Stability;
