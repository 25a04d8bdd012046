/** Files: safetensors and NumPy's formats for tensors, JSON for everything else, and writing each so that a crash leaves the old file. */
@Stability(Stability.Level.API)
package dev.chainrule.io;

import dev.chainrule.Stability;
