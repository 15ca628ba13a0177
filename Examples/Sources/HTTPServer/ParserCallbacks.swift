import CLLHTTP

/// The C parser's table of functions: each finds its ``RequestParser`` and calls it.
///
/// A result other than zero stops the parser.
enum ParserCallbacks {
    /// Never changed and never freed: one table for all connections.
    nonisolated(unsafe) static let table: UnsafePointer<llhttp_settings_t> = {
        let table = UnsafeMutablePointer<llhttp_settings_t>.allocate(capacity: 1)
        llhttp_settings_init(table)
        table.pointee.on_url = { state, start, count in
            RequestParser.of(state).targetContinued(UnsafeRawBufferPointer(start: start, count: count))
            return 0
        }
        table.pointee.on_protocol = { state, start, count in
            RequestParser.of(state).protocolContinued(UnsafeRawBufferPointer(start: start, count: count))
            return 0
        }
        table.pointee.on_header_field = { state, start, count in
            RequestParser.of(state).nameContinued(UnsafeRawBufferPointer(start: start, count: count))
            return 0
        }
        table.pointee.on_header_field_complete = { state in
            RequestParser.of(state).nameEnded()
            return 0
        }
        table.pointee.on_header_value = { state, start, count in
            RequestParser.of(state).valueContinued(UnsafeRawBufferPointer(start: start, count: count))
            return 0
        }
        table.pointee.on_headers_complete = { state in
            // 1 and 2 have other meanings here.
            RequestParser.of(state).headEnded() ? 0 : -1
        }
        table.pointee.on_chunk_header = { state in
            RequestParser.of(state).chunkBegan() ? 0 : -1
        }
        table.pointee.on_body = { state, start, count in
            RequestParser.of(state).bodyContinued(UnsafeRawBufferPointer(start: start, count: count))
            return 0
        }
        table.pointee.on_message_complete = { state in
            RequestParser.of(state).ended()
            return Int32(HPE_PAUSED.rawValue)
        }
        return UnsafePointer(table)
    }()
}

extension RequestParser {
    /// The parser that is being fed; its owner retains it meanwhile.
    fileprivate static func of(_ state: UnsafeMutablePointer<llhttp_t>?) -> RequestParser {
        Unmanaged.fromOpaque(state.unsafelyUnwrapped.pointee.data).takeUnretainedValue()
    }
}
