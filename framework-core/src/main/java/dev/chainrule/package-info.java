/**
 * The errors that Chainrule throws; everything else lives in the packages below.
 *
 * <p>How stable they are, and everything below: {@link dev.chainrule.Stability} marks each package, and single types and methods in it that
 * differ.
 */
@Stability(Stability.Level.API)
package dev.chainrule;
