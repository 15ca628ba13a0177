// Users import only Proactor, which re-exports the modules below.
@_exported public import EventLoops
@_exported public import Kernel
@_exported public import ProactorLoop
@_exported public import SelectorLoop
