/**
 * Tensors to and from ND4J's arrays, by copy ({@link dev.chainrule.interop.nd4j.Nd4jArrays}) or in shared memory
 * ({@link dev.chainrule.interop.nd4j.Nd4jShare}), and ND4J's data sets as Chainrule's ({@link dev.chainrule.interop.nd4j.Nd4jDatasets}).
 * A backend of ND4J's, such as nd4j-native, is for the program to bring along.
 */
@Stability(Stability.Level.API)
package dev.chainrule.interop.nd4j;

import dev.chainrule.Stability;
