// `import Proactor` is all that a user writes: the rooms below are named only here.
@_exported public import EventLoops
@_exported public import Kernel
@_exported public import ProactorLoop
@_exported public import SelectorLoop
