/**
 * The errors that Chainrule throws; everything else lives in the packages below.
 *
 * <p>How stable they are. Before 1.0 anything may change from one minor version to the next, and the changelog says what did; from 1.0 on:
 * <ul>
 *   <li>For programs, changed in major versions only: this package, {@code tensor}, {@code nn}, {@code optim}, {@code train}, {@code data},
 *       {@code io}, {@code autograd}; of {@code device} the class {@code Devices} and how to name a device; of {@code graph} the classes
 *       {@code DType}, {@code Shape}, {@code TensorType} and {@code HostArray}; {@code datasets} and {@code interop.nd4j} of the modules
 *       of these names.
 *   <li>For backends, changed in minor versions where it must be: {@code device}, {@code schedule}, {@code graph}.
 *   <li>Public for the other packages' sake and changed at any time: {@code plan}, {@code device.events}, {@code train.parity}, and all
 *       packages of the backends.
 * </ul>
 */
package dev.chainrule;
