import CHTTPParser

/// The C parser's table of functions: each finds its ``RequestParser`` and calls it.
///
/// A result other than zero stops the parser.
enum ParserCallbacks {
    /// Never changed and never freed: one table for all connections.
    nonisolated(unsafe) static let table: UnsafePointer<http_parser_settings> = {
        let table = UnsafeMutablePointer<http_parser_settings>.allocate(capacity: 1)
        http_parser_settings_init(table)
        table.pointee.on_message_begin = { state in
            RequestParser.of(state).began()
            return 0
        }
        table.pointee.on_url = { state, start, count in
            RequestParser.of(state).targetContinued(UnsafeRawBufferPointer(start: start, count: count))
            return 0
        }
        table.pointee.on_header_field = { state, start, count in
            RequestParser.of(state).nameContinued(UnsafeRawBufferPointer(start: start, count: count))
            return 0
        }
        table.pointee.on_header_value = { state, start, count in
            RequestParser.of(state).valueContinued(UnsafeRawBufferPointer(start: start, count: count))
            return 0
        }
        table.pointee.on_headers_complete = { state in
            // 1 and 2 mean something else here.
            RequestParser.of(state).headEnded() ? 0 : -1
        }
        table.pointee.on_body = { state, start, count in
            RequestParser.of(state).bodyContinued(UnsafeRawBufferPointer(start: start, count: count))
            return 0
        }
        table.pointee.on_message_complete = { state in
            RequestParser.of(state).ended() ? 0 : -1
        }
        http_parser_set_max_header_size(UInt32(Options.headLimit))
        return UnsafePointer(table)
    }()
}

extension RequestParser {
    /// The parser that is being fed; its owner holds it meanwhile.
    fileprivate static func of(_ state: UnsafeMutablePointer<http_parser>?) -> RequestParser {
        Unmanaged.fromOpaque(state.unsafelyUnwrapped.pointee.data).takeUnretainedValue()
    }
}
